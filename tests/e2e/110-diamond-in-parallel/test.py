"""Stages that do not depend on each other really run at the same time; one that depends on both waits."""
# tags: tsan
from harness import equal, Project

# Each of the two waits for the other's mark: one after the other they would never end.
p = Project("""\
    stages:
      top:
        cmd: echo top > top.txt
        outs: [top.txt]
      left:
        cmd: touch mark.left; until [ -e mark.right ]; do sleep 0.02; done; sed s/top/left/ top.txt > left.txt
        deps: [top.txt]
        outs: [left.txt]
        timeout: 50s
      right:
        cmd: touch mark.right; until [ -e mark.left ]; do sleep 0.02; done; sed s/top/right/ top.txt > right.txt
        deps: [top.txt]
        outs: [right.txt]
        timeout: 50s
      bottom:
        cmd: cat left.txt right.txt > bottom.txt
        deps: [left.txt, right.txt]
        outs: [bottom.txt]
    """)
result = p.run("-j2", ran=4)
equal(result.started[0], "top", "the first")
equal(result.started[-1], "bottom", "the last")
equal(p.read("bottom.txt"), "left\nright\n", "the result")
