"""`reproduce RUN` has back what a run made, at the commit that it recorded, whatever refit.lock that commit has."""
import shutil

from harness import contains, equal, expect, pipeline

p = pipeline()
outs = ["work/train.txt", "work/test.txt", "model.txt", "metrics.json"]
made = {}


def run(**counts):
    p.run(**counts)
    made[p.refit("history", "--names").stdout.split()[0]] = {name: p.bytes(name) for name in outs}


def reproduce(*words, exit=0):
    result = p.refit("reproduce", "--json", *words, exit=exit)
    last = result.events[-1]
    return result, last, {e["stage"]: e for e in result.of("stage_reproduced")}


def same(run, *words):
    result, last, stages = reproduce(*words)
    equal((last["run"], last["identical"], last["lacking"]), (run, True, []), "what was reproduced")
    equal({name: stage["result"] for name, stage in stages.items()},
          dict.fromkeys(["split", "train", "evaluate"], "identical"), "stages")
    for name in outs:
        with open(f"{last['folder']}/{name}", "rb") as file:
            equal(file.read(), made[run][name], name)
    return result, last


# Outside of git: nothing says what the code was.
run(ran=3)
first, = made
contains(p.refit("reproduce", first, exit=2).stderr, f"run {first} was made from no commit", f"`refit show {first}`")

# refit.lock is committed after the run that wrote it, as everybody does: the commit of a run has an older one or none.
p.git("init", "-q", "-b", "main")
p.write(".gitignore", "work/\nmodel.txt\nmetrics.json\nrefit.lock\n")
p.git("add", "-A")
p.git("commit", "-qm", "without refit.lock")
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
p.git("commit", "-qam", "lr 0.2")
run(fresh=1, ran=2)
p.write(".gitignore", "work/\nmodel.txt\nmetrics.json\n")
p.git("add", "-A")
p.git("commit", "-qm", "with refit.lock")
p.replace("params.yaml", "lr: 0.2", "lr: 0.3")
p.git("commit", "-qam", "lr 0.3")
run(fresh=1, ran=2)
_, second, third = made
p.write("data.txt", "overwritten\n")
for name in (second, "last-1", "-1"):
    result, last = same(second, name)
    equal((result.stderr, last["dirty"]), ("", False), "nothing to say")
equal(last["commit"], p.git("rev-parse", "HEAD~2").strip(), "the commit of that run")
expect(last["folder"].endswith(f"/.refit/reproduce/{second}"), "a folder of its own")
same(second, second, "--rerun")
same(third, "last")
same(third, third[:-1] if not second.startswith(third[:-1]) else third, "--rerun")
contains(p.refit("reproduce", third).stdout, f"{third} at {p.git('rev-parse', 'HEAD').strip()[:12]}: 3 identical, 0")
# The commit's refit.lock is of the run before: by its revision it is compared with that.
_, last, stages = reproduce("HEAD", "train", "--rerun", exit=1)
equal((last["run"], stages["train"]["result"]), (None, "different"), "the commit")
# In its folder refit says that everything is as it was.
_, last, _ = reproduce(third)
equal(p.refit("status", "--json", cwd=last["folder"]).json["stages"][0]["verdict"], "fresh", "in the folder")

# A dirty tree: the outs are in the store, the code is not in git. One line says so, and what is different.
p.write("data.txt", "one\ntwo\nthree\nfour\nfive\nsix\nseven\n")
p.replace("params.yaml", "lr: 0.3", "lr: 0.4")
p.write("refit.yaml", p.read("refit.yaml") + "  extra: {cmd: echo extra > extra.txt, outs: [extra.txt]}\n")
p.run(ran=4)
dirty = p.refit("history", "--names").stdout.split()[0]
model = p.bytes("model.txt")
p.git("checkout", "-q", "--", "params.yaml", "refit.yaml")
result, last, stages = reproduce(dirty)
equal(result.stderr.count("\n"), 1, "one line")
contains(result.stderr, f"run {dirty} was made from changes", "that are not in git")
equal(last["dirty"], True, "dirty")
equal(stages["extra"]["result"], "identical", "a stage that the commit's manifest does not have")
with open(f"{last['folder']}/model.txt", "rb") as file:
    equal(file.read(), model, "from the store")
result, last, stages = reproduce(dirty, "--rerun", exit=1)
equal({name: stage["result"] for name, stage in stages.items()},
      {"split": "identical", "train": "different", "evaluate": "different", "extra": "not reproducible"},
      "with that code")
contains("\n".join(stages["train"]["differences"]), "built from something else: params.yaml:train.lr 0.4 → 0.3")
contains(stages["extra"]["reason"], "the manifest of that commit does not have it")
_, last, stages = reproduce(dirty, "train")
equal(list(stages), ["split", "train"], "targets")

# A commit that is not there any more; words that name neither.
shutil.rmtree(p.path(".git"))
contains(p.refit("reproduce", dirty, exit=2).stderr, f"run {dirty} was made from a commit that is not here any more")
p.git("init", "-q")
contains(p.refit("reproduce", dirty, exit=2).stderr, f"run {dirty} was made from a commit that is not here any more")
contains(p.refit("reproduce", "nosuch", exit=2).stderr, "`nosuch` is neither a run (the history has no run `nosuch`",
         "nor a revision (git knows no revision `nosuch`")
contains(p.refit("reproduce", "last-99", exit=2).stderr, "the history has 4 runs")
contains(p.refit("reproduce", "", exit=2).stderr, "an empty word names no build")
