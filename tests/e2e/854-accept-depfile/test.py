"""`accept` of a stage with a depfile: the discovered inputs are those of the execution."""
from harness import equal, expect, Project

p = Project("""\
    stages:
      build:
        cmd: 'cat in.txt found.h > out.txt; echo "out.txt: found.h" > out.d; touch in.txt'
        deps: [in.txt]
        depfile: out.d
        outs: [out.txt]
    """)
p.write("in.txt", "in\n")
p.write("found.h", "one\n")
p.run(failed=1, exit=1)
p.refit("accept", "build")
p.run(fresh=1)
p.write("found.h", "two\n")
p.run(failed=1, exit=1)
equal(p.read("out.txt"), "in\ntwo\n", "a discovered input counts")
p.write("found.h", "three\n")
p.refit("accept", "build")
equal(p.verdicts(), {"build": "would run"}, "accepted under what it read, not under what is there now")
