"""Hard links become copies: writing to an out never changes something else."""
import os

from harness import equal, expect, Project

p = Project("""\
    stages:
      make:
        cmd: ln source.txt out.txt; mkdir d; echo x > d/a; ln d/a d/b
        outs: [out.txt, d]
    """)
p.write("source.txt", "the source\n")
p.run(ran=1)
p.remove("out.txt", "d")
p.run(restored=1)
equal(p.read("out.txt"), "the source\n", "the out")
inodes = {os.stat(p.path(name)).st_ino for name in ("source.txt", "out.txt", "d/a", "d/b")}
expect(len(inodes) == 4, "four files of their own")
