"""`reproduce` has any past build back bit for bit, from the store and running it again, after sources changed."""
from harness import contains, equal, expect, pipeline

p = pipeline()
p.git("init", "-q", "-b", "main")
p.write(".gitignore", "work/\nmodel.txt\n")
outs = ["work/train.txt", "work/test.txt", "model.txt", "metrics.json"]
built = []


def commit(**counts):
    p.run(**counts)
    p.git("add", "-A")
    p.git("commit", "-qm", f"build {len(built)}")
    built.append({name: p.bytes(name) for name in outs})


commit(ran=3)
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
commit(fresh=1, ran=2)
p.write("data.txt", "six\nseven\neight\nnine\n")
commit(ran=3)
p.replace("train.sh", "lr $lr", "rate $lr")
commit(fresh=1, ran=2)
p.git("tag", "-a", "newest", "-m", "newest")


def same(result, commit, **wanted):
    last = result.events[-1]
    equal(last["event"], "reproduce_finished", "the last line")
    results = {e["stage"]: e["result"] for e in result.of("stage_reproduced")}
    equal(results, dict.fromkeys(["split", "train", "evaluate"], "identical"), "stages")
    equal((last["identical"], last["lacking"]), (True, []), "all of it")
    for name in outs:
        with open(f"{last['folder']}/{name}", "rb") as file:
            equal(file.read(), built[commit][name], f"{name} of build {commit}")
    return last["folder"]


# The user's tree is dirty, and nothing of it is touched; neither is git's index.
p.write("data.txt", "overwritten\n")
p.replace("params.yaml", "lr: 0.2", "lr: 0.7")
p.git("add", "params.yaml")
before = {name: entry for name, entry in p.snapshot().items() if not name.startswith(b".refit")}
for n, name in enumerate(["HEAD~3", "main~2", p.git("rev-parse", "--short", "HEAD~1").strip(), "newest"]):
    result = p.refit("reproduce", name, "--json")
    same(result, n)
    equal(result.of("stage_started"), [], "commands that ran")
    result = p.refit("reproduce", name, "--json", "--rerun")
    same(result, n)
    equal(result.started, ["split", "train", "evaluate"], "commands that ran again")
after = {name: entry for name, entry in p.snapshot().items() if not name.startswith(b".refit")}
equal(after, before, "the tree of the user, and git's")

# One stage and what it needs, in a folder of one's own; not in one that has something else in it.
told = p.refit("reproduce", "HEAD~3", "split", "--into", "old").stdout
contains(told, "split", "identical", "1 identical, 0 different, 0 not reproducible")
expect(p.exists("old/work/train.txt") and not p.exists("old/model.txt"), "split alone")
p.write("full/mine.txt", "mine\n")
contains(p.refit("reproduce", "HEAD", "--into", "full", exit=2).stderr, "full is not empty")
equal(p.read("full/mine.txt"), "mine\n", "what was there")

# No such revision; a revision of nothing that a run has made.
contains(p.refit("reproduce", "HEAD~9", exit=2).stderr, "git knows no revision `HEAD~9`")
contains(p.refit("reproduce", "HEAD", "nosuch", exit=2).stderr, "nosuch")
p.git("rm", "-q", "--cached", "refit.lock")
p.git("commit", "-qm", "without")
contains(p.refit("reproduce", "HEAD", exit=2).stderr, "HEAD has no refit.lock")
