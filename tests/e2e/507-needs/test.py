"""`needs` selects, orders and skips on failure; it is not in the key."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      after:
        cmd: echo after > after.txt
        outs: [after.txt]
        needs: [before]
      before:
        cmd: sh before.sh
        deps: [before.sh]
        outs: [before.txt]
      alone:
        cmd: echo alone > alone.txt
        outs: [alone.txt]
    """)
p.write("before.sh", "echo 1 > before.txt\n")
equal(p.run("after", "-j4", ran=2).started, ["before", "after"], "selected and ordered")
p.write("before.sh", "echo 2 > before.txt\n")
equal(p.run("after", fresh=1, ran=1).started, ["before"], "not in the key")
p.write("before.sh", "exit 1\n")
result = p.run("after", failed=1, skipped=1, exit=1)
contains(result.reasons["after"], "before")
p.replace("refit.yaml", "needs: [before]", "needs: [befor]")
contains(p.refit("run", exit=2).stderr, "refit.yaml:5:", "befor", "before")
