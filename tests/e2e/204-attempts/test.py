"""What a failed attempt wrote is kept, in .refit/attempts/STAGE when the stage runs again; the last one alone."""
from harness import equal, expect, Project

p = Project("""\
    stages:
      train:
        cmd: sh train.sh
        deps: [train.sh]
        outs: [model.txt, checkpoints]
    """)


def found(word):
    return [name for name in p.grep(word) if name != "train.sh"]


half = "mkdir checkpoints; echo {0} > model.txt; echo {0} > checkpoints/c1; exit 1\n"
p.write("train.sh", half.format("attempt-one"))
p.run(failed=1, exit=1)
equal(len(found("attempt-one")), 2, "files of the first attempt")
p.write("train.sh", half.format("attempt-two"))
p.run(failed=1, exit=1)
equal(len(found("attempt-two")), 2, "files of the second attempt")
p.write("train.sh", "mkdir checkpoints; echo good > model.txt; echo good > checkpoints/c1\n")
p.run(ran=1)
kept = found("attempt-two")
expect(len(kept) == 2 and all(name.startswith(".refit/attempts/train/") for name in kept), f"where it is: {kept}")
equal(found("attempt-one"), [], "files of the first attempt")
equal(p.read("model.txt"), "good\n", "the model")
equal(p.read("checkpoints/c1"), "good\n", "the checkpoint")
