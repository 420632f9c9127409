"""A symlink that is a dep is followed: its text and its target's content both count."""
from harness import equal, Project

p = Project("""\
    stages:
      a:
        cmd: cat current > a.txt
        deps: [current]
        outs: [a.txt]
    """)
p.write("v1.txt", "same")
p.write("v2.txt", "same")
p.link("current", "v1.txt")
p.run(ran=1)
p.run(fresh=1)
p.write("v1.txt", "content")
equal(p.run(ran=1).started, ["a"], "the target's content changed")
p.write("v2.txt", "content")
p.remove("current")
p.link("current", "v2.txt")
p.run(ran=1)
p.write("v1.txt", "no longer read")
p.run(fresh=1)
p.remove("current")
p.write("current", "content")
p.run(ran=1)
