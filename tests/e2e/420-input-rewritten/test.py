"""Written again with the same bytes while the stage ran counts as changed: what was read in between is not known."""
from harness import contains, Project

p = Project("""\
    stages:
      train:
        cmd: cp in.txt out.txt; echo same > in.txt
        deps: [in.txt]
        outs: [out.txt]
    """)
p.write("in.txt", "same\n")
contains(p.run(failed=1, exit=1).reasons["train"], "input changed while running")

# The same inside a directory.
p.manifest("""\
    stages:
      train:
        cmd: ls src > out.txt; echo more > src/new.txt
        deps: [src]
        outs: [out.txt]
    """)
p.write("src/a.txt", "a")
contains(p.run(failed=1, exit=1).reasons["train"], "input changed while running")
