"""A target is a stage or an out; it brings what it needs. -s: alone. --downstream: what follows from it instead."""
from harness import contains, equal, pipeline

p = pipeline()
equal(p.run("work/train.txt", ran=1).started, ["split"], "an out as the target")
equal(p.run("train", fresh=1, ran=1).started, ["train"], "a stage as the target")
p.run("evaluate", fresh=2, ran=1)
p.write("data.txt", "a\nb\nc\nd\n")
equal(p.run("-s", "train", fresh=1).started, [], "train alone: its inputs on disk are the old ones")
equal(p.run("--downstream", "split", ran=3).started, ["split", "train", "evaluate"], "downstream of split")
equal(p.run("--downstream", "train", fresh=2).started, [], "downstream of train")
# From another folder of the project paths are relative to it, and the manifest is found above.
p.run("train.txt", cwd=p.path("work"), fresh=1)
p.refit("-C", "work", "run", "--json", "train.txt")
contains(p.refit("run", "trane", exit=2).stderr, "refit: ", "trane", "did you mean", "train")
contains(p.refit("run", "model.tx", exit=2).stderr, "model.tx")
equal(p.refit("train").code, 0, "`refit TARGET` means `refit run TARGET`")
contains(p.refit("staus", exit=2).stderr, "staus", "did you mean", "status")
