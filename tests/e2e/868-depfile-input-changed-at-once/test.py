"""A discovered input that is changed in the very moment in which the command begins: never a record."""
from harness import equal, expect, Project

p = Project("""\
    stages:
      build:
        cmd: 'cat found.h > out.txt; echo more >> found.h; echo "out.txt: found.h" > out.d'
        depfile: out.d
        deps: [number.txt]
        outs: [out.txt]
    """)
p.write("found.h", "first\n")
for number in range(60):
    p.write("number.txt", f"{number}\n")
    expect("found.h" in p.run(failed=1, exit=1).reasons["build"], "the reason")

# One that was changed just before is none.
p.write("build.sh", 'cat found.h > out.txt; echo "out.txt: found.h" > out.d\n')
p.manifest("""\
    stages:
      header:
        cmd: cp number.txt found.h
        deps: [number.txt]
        outs: [found.h]
      build:
        cmd: sh build.sh
        deps: [build.sh]
        needs: [header]
        depfile: out.d
        outs: [out.txt]
    """)
for number in range(20):
    p.write("number.txt", f"{number}\n")
    p.refit("run")
    equal(p.read("out.txt"), f"{number}\n", "the out")
