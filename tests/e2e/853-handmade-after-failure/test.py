"""What the user puts in the place of outs after a failure is no attempt: it goes to rescue, and stays."""
from harness import equal, expect, Project

p = Project("""\
    stages:
      train:
        cmd: sh train.sh
        deps: [train.sh]
        outs: [model.txt]
    """)
p.write("train.sh", "echo attempt > model.txt; exit 1\n")
p.run(failed=1, exit=1)
p.write("model.txt", "made by hand\n")
p.run(failed=1, exit=1)
p.run(failed=1, exit=1)
kept = p.grep("made by hand")
expect(len(kept) == 1 and kept[0].startswith(".refit/rescue/"), f"what was made by hand: {kept}")
equal([name for name in p.grep("attempt\n") if name != "train.sh"], [".refit/attempts/train/model.txt"], "the attempt")
