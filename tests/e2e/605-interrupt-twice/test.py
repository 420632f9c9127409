"""A command that ignores Ctrl-C is killed after the grace period, or at once by a second Ctrl-C."""
import signal

from harness import expect, is_alive, Project

p = Project("""\
    stages:
      stubborn:
        cmd: trap '' INT TERM; echo $$ > a.pid; while :; do sleep 0.05; done
        outs: [a.txt]
    """)
p.write("refit.config.yaml", "grace: 1s\n")
run = p.start("run")
child = p.wait_pid("a.pid")
run.signal(signal.SIGINT)
run.wait(exit=130)
expect(not is_alive(child), "dead after the grace period")

p.write("refit.config.yaml", "grace: 1000s\n")
p.remove("a.pid")
run = p.start("run")
child = p.wait_pid("a.pid")
run.signal(signal.SIGINT)
# Signals of one kind merge while they are pending: repeat until it was taken twice.
while run.process.poll() is None:
    run.signal(signal.SIGINT)
    try:
        run.process.wait(0.2)
    except Exception:
        pass
run.wait(exit=130)
expect(not is_alive(child), "dead at once")
