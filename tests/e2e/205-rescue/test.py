"""What refit did not make and does not have is moved to .refit/rescue before a command or a restore, and listed."""
from harness import equal, expect, pipeline

p = pipeline()
p.run(ran=3)
p.write("model.txt", "ten days of handwork\n")
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
result = p.run(fresh=1, ran=2)
kept = p.grep("ten days of handwork")
expect(len(kept) == 1 and kept[0].startswith(".refit/rescue/"), f"where it is: {kept}")
expect(kept[0] in result.text, "where it is, is told")
expect(kept[0].split("/")[2] == result.finished["run"], f"it is in a folder called as the run: {kept}")
equal(p.read("model.txt"), "lr 0.2\none\ntwo\nthree\n", "the new model")

p.write("model.txt", "more handwork\n")
result = p.refit("run", exit=0)
kept = p.grep("more handwork")
expect(len(kept) == 1 and kept[0].startswith(".refit/rescue/") and kept[0] in result.text, f"before a restore: {kept}")
equal(p.read("model.txt"), "lr 0.2\none\ntwo\nthree\n", "restored")

# A whole folder in the way, and what the store has is not kept twice.
p.remove("model.txt")
p.write("model.txt/inside/precious", "in a folder\n")
p.run(fresh=2, restored=1)
kept = p.grep("in a folder")
expect(len(kept) == 1 and kept[0].startswith(".refit/rescue/"), f"a folder: {kept}")
before = p.snapshot(".refit/rescue")
p.replace("params.yaml", "lr: 0.2", "lr: 0.3")
p.run(fresh=1, ran=2)
equal(p.snapshot(".refit/rescue"), before, "an out that the store has is not rescued")
