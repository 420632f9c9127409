"""Outs that wait to be accepted have no record: when the stage runs again they are kept as an attempt."""
from harness import equal, Project

p = Project("""\
    stages:
      train:
        cmd: cp in.txt model.txt; mkdir -p d; cp in.txt d/x; cat next.txt > in.txt
        deps: [in.txt]
        outs: [model.txt, d]
    """)
p.write("in.txt", "ten hours\n")
p.write("next.txt", "other\n")
p.run(failed=1, exit=1)
equal(p.read("model.txt"), "ten hours\n", "its outs stay")
p.run(failed=1, exit=1)  # writes the same bytes, but touches its input again
kept = [name for name in p.grep("ten hours") if not name.startswith(".refit/store/")]
equal(kept, [".refit/attempts/train/d/x", ".refit/attempts/train/model.txt"], "the attempt")
