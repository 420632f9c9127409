"""What a failed attempt wrote goes to .refit/attempts when the stage runs again; the last one is kept."""
from harness import equal, expect, Project

p = Project("""\
    stages:
      train:
        cmd: sh train.sh
        deps: [train.sh]
        outs: [model.txt, checkpoints]
    """)
half = "mkdir checkpoints; echo {0} > model.txt; echo {0} > checkpoints/c1; exit 1\n"
p.write("train.sh", half.format("attempt-one"))
p.run(failed=1, exit=1)
p.write("train.sh", half.format("attempt-two"))
p.run(failed=1, exit=1)
kept = p.grep("attempt-one")
expect(kept and all(name.startswith(".refit/attempts/train/") for name in kept), f"the first attempt: {kept}")
expect(len(kept) == 2, f"a file and a folder's file: {kept}")
p.write("train.sh", "mkdir checkpoints; echo good > model.txt; echo good > checkpoints/c1\n")
p.run(ran=1)
kept = p.grep("attempt-two")
expect(len(kept) == 2 and all(name.startswith(".refit/attempts/train/") for name in kept), f"the second: {kept}")
equal(p.grep("attempt-one"), [], "only the last attempt is kept")
equal(p.read("model.txt"), "good\n", "the model")
