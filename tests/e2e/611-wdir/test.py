"""`wdir` is where the command runs and what the stage's paths are relative to."""
from harness import equal, Project

p = Project("""\
    stages:
      a:
        wdir: sub/dir
        cmd: pwd > where.txt; cat in.txt ../up.txt > out.txt
        deps: [in.txt, ../up.txt]
        params: [x]
        outs: [out.txt, where.txt]
      b:
        cmd: cp sub/dir/out.txt b.txt
        deps: [sub/dir/out.txt]
        outs: [b.txt]
    """)
p.write("sub/dir/in.txt", "in\n")
p.write("sub/up.txt", "up\n")
p.write("sub/dir/params.yaml", "x: 1\n")
p.run(ran=2)
equal(p.read("sub/dir/where.txt"), f"{p.root}/sub/dir\n", "where")
equal(p.read("b.txt"), "in\nup\n", "the out")
p.write("sub/dir/params.yaml", "x: 2\n")
equal(p.run(ran=1, fresh=1).started, ["a"], "the parameter file of wdir")
