"""A second run of a workspace says who holds it and exits 5; --wait waits; readers work meanwhile."""
# tags: tsan
from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      slow:
        cmd: touch started; until [ -e go ]; do sleep 0.02; done; echo slow > slow.txt
        outs: [slow.txt]
      next:
        cmd: cp slow.txt next.txt
        deps: [slow.txt]
        outs: [next.txt]
    """)
first = p.start("run", "--json")
p.wait_for("started")
contains(p.refit("run", "--json", exit=5).stderr, str(first.pid))
contains(p.refit("run", exit=5).stderr, str(first.pid), "at stage `slow`", "--wait")
stages = p.status()
equal((stages["slow"]["running"], stages["next"]["running"]), (True, False), "running")
p.refit("graph")
p.refit("why", "slow")
p.refit("run", "-n")
p.refit("logs", "slow")
second = p.start("run", "--json", "--wait")
p.write("go")
equal(first.wait().counts["ran"], 2, "the first run")
equal(second.wait().counts["fresh"], 2, "the one that waited")
expect(not any(s["running"] for s in p.status().values()), "nothing runs any more")
