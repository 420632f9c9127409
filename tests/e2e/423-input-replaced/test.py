"""An input that is replaced by a file with the same bytes while its stage runs counts as changed."""
from harness import contains, Project

p = Project("""\
    stages:
      train:
        cmd: cat in.txt > out.txt; cp in.txt new.txt; mv new.txt in.txt
        deps: [in.txt]
        outs: [out.txt]
    """)
p.write("in.txt", "same\n")
contains(p.run(failed=1, exit=1).reasons["train"], "input changed while running", "in.txt")

# Reading does not count.
p.manifest("stages:\n  train:\n    cmd: cat in.txt src/a > out.txt\n    deps: [in.txt, src]\n    outs: [out.txt]\n")
p.write("src/a", "a")
p.run(ran=1)
