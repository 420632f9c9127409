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

# The same command on the same paths in another place is another stage.
p = Project("""\
    stages:
      a:
        wdir: one
        cmd: basename "$(pwd)" > ../name.txt
        outs: [../name.txt]
    """)
for name in ("one", "two"):
    p.path(name).mkdir()
p.run(ran=1)
p.replace("refit.yaml", "wdir: one", "wdir: two")
p.run(ran=1)
equal(p.read("name.txt"), "two\n", "where it ran")
p.replace("refit.yaml", "wdir: two", "wdir: one")
p.run(restored=1)
equal(p.read("name.txt"), "one\n", "where it had run")
