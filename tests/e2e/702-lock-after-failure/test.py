"""refit.lock is written after a failure too, with what finished."""
from harness import contains, expect, Project

p = Project("""\
    stages:
      good:
        cmd: echo good > good.txt
        outs: [good.txt]
      bad:
        cmd: exit 1
        deps: [good.txt]
        outs: [bad.txt]
    """)
p.run(ran=1, failed=1, exit=1)
contains(p.read("refit.lock"), "good.txt")
expect("bad.txt" not in p.read("refit.lock"), "nothing of what failed")
