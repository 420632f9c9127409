"""Ctrl-C reaches every command that runs, each in a process group of its own, and what it has started; all may end in
their own way."""
import signal

from harness import Project, equal, is_alive

TRAP = "trap 'echo {n} > ended{n}; exit 3' INT; (trap '' INT; sleep 100) & echo $! > child{n}; : > begun{n}; wait; wait"
p = Project("stages:\n" + "".join(
    f"  s{n}: {{cmd: \"{TRAP.format(n=n)}\", outs: [o{n}]}}\n" for n in range(4)))
p.write("refit.config.yaml", "jobs: 4\ngrace: 5s\n")
run = p.start("run", "--json")
for n in range(4):
    p.wait_for(f"begun{n}")
children = [int(p.read(f"child{n}")) for n in range(4)]
run.signal(signal.SIGINT)
result = run.wait(exit=130)
equal([p.exists(f"ended{n}") for n in range(4)], [True] * 4, "commands that were asked to end")
equal([is_alive(child) for child in children], [False] * 4, "what they had started")
equal(result.counts["failed"], 4, "stages")
