"""A discovered input whose modification time lies in the future, as in an archive from elsewhere, is an input like any
other: only a change after the command began counts."""
from harness import equal, Project

p = Project("""\
    stages:
      compile:
        cmd: "cat a.inc > out.txt; echo 'out.txt: a.inc' > out.d"
        outs: [out.txt]
        depfile: out.d
    """)
p.write("a.inc", "1\n")
p.touch("a.inc")
p.run(ran=1)
p.run(fresh=1)
p.write("a.inc", "2\n")
p.touch("a.inc")
p.run(ran=1)
equal(p.read("out.txt"), "2\n", "the out")
