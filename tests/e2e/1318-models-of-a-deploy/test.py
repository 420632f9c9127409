"""A deploy gets copies of the models that its gates judged: private, read-only, and what they were judged as, whatever
somebody puts into the workspace between the check and the moment at which its command reads."""
# tags: plain
import os
import signal
import time

from approvals import Gated
from faults import preload
from harness import contains, equal, expect, wait_until

p = Gated()
p.remove("checks/release.json")
p.write("refit.yaml", """\
stages:
  train: {cmd: cp seed.txt model.bin, deps: [seed.txt], outs: [model.bin]}
  tree:
    cmd: mkdir -p tree/sub && cp seed.txt tree/sub/a && chmod +x tree/sub/a && ln -s sub/a tree/b
    deps: [seed.txt]
    outs: [tree]
  ship:
    kind: deploy
    cmd: |
      : > began; while [ -e hold ]; do sleep 0.02; done
      rm -rf shipped; cp -a "$REFIT_MODELS" shipped; echo "$REFIT_MODELS" > where
    deps: [model.bin, tree]
  release_of_files:
    use: deploy.release
    with: {files: [model.bin, tree, other.txt], to: releases}
gates:
  release: &gate
    model: ./model.bin
    baseline: none
    rows: {candidate: rows.csv, key: id, label: y, prediction: p}
    metrics: {accuracy: {better: higher, min: 0.5}}
  second: {<<: *gate, model: tree}
""")
p.write("rows.csv", "id,y,p\n1,1,1\n")
p.write("other.txt", "not a model\n")
p.write("seed.txt", "good\n")
EVIL = "evil\n"


def swap():
    p.write("model.bin", EVIL)
    p.remove("tree/sub/a")
    p.write("tree/sub/a", EVIL)


def check_shipped(what):
    equal((p.read("shipped/model.bin"), p.read("shipped/tree/sub/a"), os.readlink(p.path("shipped/tree/b"))),
          ("good\n", "good\n", "sub/a"), what)
    expect(not os.path.exists(p.read("where").strip()), "what was private is gone")
    equal(os.listdir(p.path(".refit/tmp")) if p.exists(".refit/tmp") else [], [], "temporaries")


equal(p.refit("run", "--json", "ship").states["ship"], "ran", "undisturbed")
check_shipped("undisturbed")
equal(oct(p.path("shipped").stat().st_mode & 0o777), "0o700", "nobody else looks into it")
equal([oct(p.path(path).stat().st_mode & 0o777) for path in ("shipped/model.bin", "shipped/tree/sub/a")],
      ["0o400", "0o500"], "read-only")
p.remove("shipped", "began")

# While the command waits: it reads what was judged, and the run says that its deps changed.
p.write("hold")
run = p.start("run", "--json", "ship")
p.wait_for("began")
swap()
p.remove("hold")
result = run.wait(exit=1)
contains(result.reasons["ship"], "changed while running", "deploy it again")
check_shipped("changed while the command ran")
p.remove("shipped", "began")

# After the last check, and before the copy.
for path, evil in (("model.bin", EVIL), ("tree/sub/a", EVIL), ("tree/more", "x")):
    p.remove("model.bin", "tree")
    p.refit("run", "train", "tree", "release", "second")
    run = p.start("run", "--json", "ship", env=preload("stop mkdir-temporary"))
    stat = f"/proc/{run.process.pid}/stat"
    wait_until(lambda: open(stat).read().rpartition(")")[2].split()[0] == "T", "the deploy's turn has come")
    if p.exists(path):
        p.remove(path)
    p.write(path, evil)
    time.sleep(0.01)
    run.process.send_signal(signal.SIGCONT)
    result = run.wait(exit=1)
    equal(result.states["ship"], "failed", f"{path}: {result.states}")
    contains(result.reasons["ship"], "is not what its gate judged")
    expect(not p.exists("began"), "the command was not started")

# The rule that puts releases takes the judged ones: here what it would otherwise copy changes after the copy was made.
p.remove("model.bin", "tree")
p.refit("run", "train", "tree", "release", "second")
run = p.start("run", "--json", "release_of_files", env=preload("stop make-log"))
stat = f"/proc/{run.process.pid}/stat"
wait_until(lambda: open(stat).read().rpartition(")")[2].split()[0] == "T", "the command is about to start")
swap()
p.write("other.txt", "another\n")
run.process.send_signal(signal.SIGCONT)
run.wait(exit=1)
equal([p.read(f"releases/current/{path}") for path in ("model.bin", "tree/sub/a", "tree/b", "other.txt")],
      ["good\n", "good\n", "good\n", "another\n"], "what is released")

# Models in one another, and outside the project; each attempt has copies of its own, whatever the one before did.
(p.base / "m1").mkdir()
(p.base / "m2").mkdir()
for name in ("m1", "m2"):
    (p.base / name / "model.bin").write_text(f"{name}\n")
p.write("seed.txt", "good\n")
p.remove("model.bin", "tree")
p.write("refit.yaml", """\
stages:
  tree: {cmd: mkdir -p tree/sub && cp seed.txt tree/sub/a && chmod 444 tree/sub/a, deps: [seed.txt], outs: [tree]}
  ship:
    kind: deploy
    retries: 1
    cmd: |
      rm -rf shipped; cp -a "$REFIT_MODELS" shipped; printf %s "$REFIT_MODEL_PATHS" > paths
      [ -e tried ] || { chmod 600 "$REFIT_MODELS/tree/sub/a"; echo evil > "$REFIT_MODELS/tree/sub/a"; }
      [ -e tried ] || { rm -r "$REFIT_MODELS/.up"; chmod 0 "$REFIT_MODELS/tree/sub"; : > tried; exit 1; }
      chmod 500 "$REFIT_MODELS/tree"
    deps: [tree, ../m1/model.bin, ../m2/model.bin]
  release_of_files: {use: deploy.release, with: {files: [tree, other.txt], to: releases}}
  release_below: {use: deploy.release, with: {files: [tree/sub], to: others}}
gates:
  inner: &gate
    model: tree/sub/a
    baseline: none
    rows: {candidate: rows.csv, key: id, label: y, prediction: p}
    metrics: {accuracy: {better: higher, min: 0.5}}
  outer: {<<: *gate, model: tree}
  first: {<<: *gate, model: ../m1/model.bin}
  second: {<<: *gate, model: ../m2/model.bin}
""")
for _ in range(2):
    equal(p.refit("run", "--json", "ship").states["ship"], "ran", "the second attempt")
    equal([p.read(f"shipped/{path}") for path in (".up/m1/model.bin", ".up/m2/model.bin", "tree/sub/a")],
          ["m1\n", "m2\n", "good\n"], "what it got")
    equal(p.read("paths").split(), ["../m1/model.bin", "../m2/model.bin", "tree", "tree/sub/a"], "paths")
    equal(os.listdir(p.path(".refit/tmp")), [], "temporaries")
    p.remove("tried", "shipped")

# What is beside a judged model in the workspace is not of it.
p.refit("run", "release_of_files", "release_below")
equal((p.read("releases/current/tree/sub/a"), p.read("others/current/sub/a")), ("good\n", "good\n"), "releases")
expect(os.access(p.path("releases/current/tree/sub/a"), os.R_OK) and
       p.path("releases/current/tree/sub/a").stat().st_mode & 0o044, "others may read what is released")
run = p.start("run", "--json", "release_of_files", env=preload("stop make-log"))
stat = f"/proc/{run.process.pid}/stat"
wait_until(lambda: open(stat).read().rpartition(")")[2].split()[0] == "T", "the command is about to start")
p.write("tree/sub/more.py", "evil")
run.process.send_signal(signal.SIGCONT)
run.wait(exit=1)
equal(os.listdir(p.path("releases/current/tree/sub")), ["a"], "files that came later")

# A full disk is told by what could not be written, and no command is started.
p.refit("run", "tree", "outer", "inner", "first", "second")
result = p.refit("run", "--json", "ship", env=preload("ENOSPC write-temporary#1+"), exit=1)
contains(result.reasons["ship"], "cannot write .refit/tmp/models-ship/", "No space left on device")
expect(not p.exists("shipped") and not os.listdir(p.path(".refit/tmp")), "nothing is left, and nothing was started")

# A link that leads out of a model has content that was not judged.
p.replace("refit.yaml", "chmod 444 tree/sub/a", "ln -s ../other.txt tree/b")
result = p.refit("run", "--json", "ship", exit=1)
contains(result.reasons["ship"], "tree: a link in it leads out of it, so what that leads to was not judged")

# Names of models are given a line each.
p.write("refit.yaml", """\
stages:
  ship: {kind: deploy, cmd: 'true', deps: ["two\\nlines"]}
gates:
  release:
    model: "two\\nlines"
    baseline: none
    rows: {candidate: rows.csv, key: id, label: y, prediction: p}
    metrics: {accuracy: {better: higher, min: 0.5}}
""")
p.write("two\nlines", "x")
contains(p.refit("run", "--json", "ship", exit=1).reasons["ship"], "has a newline in its name")
