"""Ctrl-C ends the commands, keeps what finished, and exits 130."""
# tags: tsan
import signal

from harness import equal, expect, is_alive, Project

p = Project("""\
    stages:
      quick:
        cmd: echo quick > quick.txt
        outs: [quick.txt]
      slow:
        cmd: echo $$ > slow.pid; until [ -e go ]; do sleep 0.02; done; cat quick.txt > slow.txt
        deps: [quick.txt]
        outs: [slow.txt]
      last:
        cmd: cp slow.txt last.txt
        deps: [slow.txt]
        outs: [last.txt]
    """)
for number in (signal.SIGINT, signal.SIGTERM):
    if p.exists("slow.pid"):
        p.remove("slow.pid")
    run = p.start("run", "--json")
    child = p.wait_pid("slow.pid")
    run.signal(number)
    result = run.wait(exit=130)
    equal(result.finished["exit"], 130, "exit in run_finished")
    expect(not is_alive(child), "the command is dead")
    equal(result.counts["fresh"] + result.counts["ran"], 1, "what finished")
    expect("quick.txt" in p.read("refit.lock"), "refit.lock has what finished")
p.write("go")
p.run(fresh=1, ran=2)
