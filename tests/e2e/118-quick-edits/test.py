"""Edits that follow a run at once, of the same size, are never missed, however coarse the clock of the file system."""
from harness import equal, Project

p = Project("""\
    stages:
      copy:
        cmd: cp in.txt out.txt
        deps: [in.txt]
        outs: [out.txt]
    """)
p.write("in.txt", "0000")
p.run(ran=1)
for i in range(1, 25):
    p.write("in.txt", f"{i:04}")
    p.run(ran=1)
    equal(p.read("out.txt"), f"{i:04}", "the copy")
# The same of outs: an edit by hand is seen.
for i in range(10):
    p.write("out.txt", f"x{i:03}")
    p.run(restored=1)
    equal(p.read("out.txt"), "0024", "the out")
