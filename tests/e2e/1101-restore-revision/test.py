"""`restore REV PATH...` takes outs of a past revision from the store, and touches nothing else."""
from harness import contains, equal, expect, pipeline

p = pipeline()
p.git("init", "-q", "-b", "main")
p.write(".gitignore", "work/\nmodel.txt\nmetrics.json\n")
p.run(ran=3)
p.git("add", "-A")
p.git("commit", "-qm", "one")
p.git("tag", "v1")
old = {name: p.bytes(name) for name in ("model.txt", "metrics.json", "work/train.txt")}
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
p.write("data.txt", "six\nseven\n")
p.run(ran=3)
p.git("commit", "-qam", "two")
new = {name: p.bytes(name) for name in old}
expect(all(old[name] != new[name] for name in old), "the builds differ")


def now(**wanted):
    equal({name: p.bytes(name) for name in old}, {**new, **wanted}, "outs")


rest = {name: entry for name, entry in p.snapshot(times=False).items()
        if not name.startswith((b".refit", b".git/")) and name not in (b"model.txt", b"metrics.json")}
p.refit("restore", "v1", "model.txt")
now(**{"model.txt": old["model.txt"]})
equal({name: entry for name, entry in p.snapshot(times=False).items()
       if not name.startswith((b".refit", b".git/")) and name not in (b"model.txt", b"metrics.json")}, rest, "the rest")
p.refit("restore")
now()
p.refit("restore", "--from", "HEAD~1", "evaluate")
now(**{"metrics.json": old["metrics.json"]})
p.run(fresh=2, restored=1)
now()
contains(p.refit("restore", "HEAD~1").stdout, "4 restored")
now(**old)
p.refit("restore")

# What is in the way and not in the store is rescued, and the rest of that word stands.
p.write("model.txt", "by hand\n")
contains(p.refit("restore", "v1", "train").stdout, "1 restored")
kept = p.grep("by hand")
expect(len(kept) == 1 and kept[0].startswith(".refit/rescue/"), f"rescued: {kept}")

# A stage that is called as a revision is the stage; --from says otherwise.
p.git("tag", "train")
p.refit("restore")
p.refit("restore", "train")
now()
p.git("tag", "-d", "train")
p.git("tag", "train", "v1")
p.refit("restore", "--from", "train", "model.txt")
now(**{"model.txt": old["model.txt"]})

# An out that is none any more comes back by its path, and by no other word.
p.replace("refit.yaml", "model.txt", "model2.txt")
p.replace("train.sh", "> model.txt", "> model2.txt")
p.replace("evaluate.sh", "model.txt", "model2.txt")
p.write("model.txt", "mine now\n")
p.refit("restore", "v1")
equal(p.read("model.txt"), "mine now\n", "what is no out")
p.refit("restore", "v1", "model.txt")
equal(p.bytes("model.txt"), old["model.txt"], "what was asked for")

contains(p.refit("restore", "nosuch", exit=2).stderr, "no declared stage or out `nosuch`")
contains(p.refit("restore", "--from", "nosuch", exit=2).stderr, "git knows no revision `nosuch`")
contains(p.refit("restore", "v1", "none.txt", exit=2).stderr, "refit.lock of v1 has no stage or out `none.txt`")
contains(p.refit("restore", "v1", "data.txt", exit=5).stderr, "the store does not have data.txt", "data sets")
equal(p.read("data.txt"), "six\nseven\n", "a source that the store does not have")
p.remove("work", ".refit/store")
contains(p.refit("restore", "v1", "work", exit=5).stderr, "the store does not have work/t", "refit.lock of v1")
