"""`restore` brings back outs as refit.lock has them, all or those of the targets, without running anything."""
from harness import contains, equal, expect, pipeline

p = pipeline()
p.run(ran=3)
lock = p.bytes("refit.lock")
old = p.snapshot("work", times=False), p.bytes("model.txt"), p.bytes("metrics.json")
p.remove("work", "model.txt", "metrics.json")
p.refit("restore", "train")
expect(p.exists("model.txt") and not p.exists("work/train.txt") and not p.exists("metrics.json"), "train alone")
p.refit("restore", "work/test.txt")
expect(p.exists("work/test.txt") and not p.exists("work/train.txt"), "one out")
p.refit("restore", "work")
expect(p.exists("work/train.txt"), "what is in a folder")
p.refit("restore")
equal((p.snapshot("work", times=False), p.bytes("model.txt"), p.bytes("metrics.json")), old, "everything")
p.run(fresh=3)

# An older build: its refit.lock is enough, whatever parameters say now.
p.replace("params.yaml", "lr: 0.1", "lr: 0.9")
p.run(fresh=1, ran=2)
p.write("refit.lock", lock)
p.refit("restore")
equal((p.snapshot("work", times=False), p.bytes("model.txt"), p.bytes("metrics.json")), old, "the older build")
equal(p.bytes("refit.lock"), lock, "refit.lock is as it was")

# What is in the way and not in the store is rescued.
p.write("model.txt", "by hand\n")
p.refit("restore")
kept = p.grep("by hand")
expect(len(kept) == 1 and kept[0].startswith(".refit/rescue/"), f"rescued: {kept}")
equal(p.bytes("model.txt"), old[1], "the model")

# What the store lacks cannot be restored.
p.remove("model.txt", ".refit/store")
contains(p.refit("restore", exit=5).stderr, "model.txt")
contains(p.refit("restore", "nothing", exit=2).stderr, "nothing")
