"""A link that is an out is stored as a link, and restored as one."""
import os

from harness import equal, expect, Project

p = Project("""\
    stages:
      make:
        cmd: mkdir -p d; echo x > d/v1.txt; ln -s d/v1.txt current; ln -s not-yet dangling
        outs: [d/v1.txt, current, dangling]
      use:
        cmd: cat current > used.txt
        deps: [current]
        outs: [used.txt]
    """)
p.run(ran=2)
p.remove("current", "dangling")
p.run(restored=1, fresh=1)
equal(os.readlink(p.path("current")), "d/v1.txt", "the text of the link")
equal(os.readlink(p.path("dangling")), "not-yet", "the text of the dangling link")
# The same content as a plain file is not the same out.
p.remove("current")
p.write("current", "x\n")
p.run(restored=1, fresh=1)
expect(p.path("current").is_symlink(), "a link again")
