"""After a SIGKILL of refit, the next run ends what it left running, and does the work."""
# tags: tsan
import signal

from harness import equal, expect, is_alive, Project

p = Project("""\
    stages:
      quick:
        cmd: echo quick > quick.txt
        outs: [quick.txt]
      slow:
        cmd: echo $$ > slow.pid; echo half > slow.txt; until [ -e go ]; do sleep 0.02; done; cat quick.txt > slow.txt
        deps: [quick.txt]
        outs: [slow.txt]
    """)
p.write("refit.config.yaml", "grace: 1s\n")
run = p.start("run", "--json")
child = p.wait_pid("slow.pid")
run.signal(signal.SIGKILL)
run.wait(exit=-signal.SIGKILL)
expect(is_alive(child), "the command lives on")
expect(p.status()["slow"]["verdict"] in ("would run", "may run"), "a reader works meanwhile")
expect(is_alive(child), "a reader ends nothing")

p.remove("slow.pid")
again = p.start("run", "--json")
second = p.wait_pid("slow.pid")
expect(not is_alive(child), "the old command was ended before anything was started")
expect(second != child, "the command was started again")
p.write("go")
result = again.wait()
equal(result.counts["failed"], 0, "failures")
equal(result.states["slow"], "ran", "state of slow")
equal([e["text"] for e in result.of("note")],
      [f"ended what an earlier run had left running: stage `slow` (pid {child})"],
      "what is told")
equal(p.read("slow.txt"), "quick\n", "the out")
p.run(fresh=2)
