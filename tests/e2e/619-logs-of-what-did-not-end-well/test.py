"""A stage that timed out or was interrupted leaves no record, and its log is kept."""
import signal

from harness import contains, equal, Project

p = Project("""\
    stages:
      late:
        cmd: echo so far > late.txt; echo late says this; [ -e go ] || sleep 60
        outs: [late.txt]
        timeout: 1s
      cut:
        cmd: echo so far > cut.txt; echo cut says this; touch begun; [ -e go ] || sleep 60
        outs: [cut.txt]
    """)
p.write("refit.config.yaml", "grace: 1s\n")
p.run("late", failed=1, exit=1)
contains(p.refit("logs", "late").stdout, "late says this\n")
run = p.start("run", "--json", "cut")
p.wait_for("begun")
run.signal(signal.SIGINT)
equal(run.wait(exit=130).states, {"cut": "failed"}, "state")
contains(p.refit("logs", "cut").stdout, "cut says this\n")
equal(p.store_stats()["records"], 0, "records")
p.write("go")
p.run(ran=2)
equal(p.store_stats()["records"], 2, "records")
