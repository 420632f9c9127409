"""A verdict counts if its stage made it: one that somebody wrote, edited or brought does not let anything through, even
where the stages before are left out, or while the run is under way."""
import hashlib
import shutil
import time

from harness import contains, equal, expect, Project, wait_until

MANIFEST = """\
    stages:
      train: {cmd: cp seed.txt model.bin, deps: [seed.txt], outs: [model.bin]}
      slow:
        cmd: ': > waiting; while [ -e hold ]; do sleep 0.02; done; echo > slow.txt'
        deps: [seed.txt]
        outs: [slow.txt]
      page: {cmd: echo > page.txt, outs: [page.txt], needs: [release]}
      ship: {kind: deploy, cmd: cat model.bin >> shipped.txt, deps: [model.bin, slow.txt]}
    gates:
      release:
        model: model.bin
        baseline: none
        rows: {candidate: rows.csv, key: id, label: y, prediction: p}
        metrics: {accuracy: {better: higher, min: 0.5}}
    """
p = Project(MANIFEST)
p.write("seed.txt", "one\n")
GOOD, BAD = "id,y,p\n1,1,1\n", "id,y,p\n1,1,0\n"
p.write("rows.csv", BAD)
equal(p.refit("run", "--json", "--deploy", exit=4).states["ship"], "blocked", "a bad model")
bad = p.read("checks/release.json")
good = bad.replace('"outcome":"fail"', '"outcome":"pass"')
expect(good != bad, "another verdict")


def expect_blocked(result, stage, what):
    equal(result.states, {stage: "blocked"}, what)
    contains(result.reasons[stage], "the gate `release` has a verdict that its stage did not make: run it first")


p.write("checks/release.json", good)
for stage in ("ship", "page"):
    expect_blocked(p.refit("run", "--json", "--single", stage, exit=4), stage, "an edited verdict")
    contains(p.refit("run", "-n", "--single", stage, exit=None).text, "did not make")
equal(p.refit("run", "--json", "--deploy", exit=4).states["ship"], "blocked", "the gate is asked again")

# In a workspace that has not seen the gate, with all files of another.
other = p.sibling("other")
other.manifest(MANIFEST)
for path in ("seed.txt", "rows.csv", "model.bin", "slow.txt"):
    other.write(path, p.read(path))
other.write("checks/release.json", good)
expect_blocked(other.refit("run", "--json", "--single", "ship", exit=4), "ship", "a verdict that came with the files")
expect(not other.exists("shipped.txt") and not p.exists("shipped.txt"), "nothing is deployed")

# One that is put there after the gate, and before the deploy.
p.write("seed.txt", "two\n")
p.write("hold")
p.remove("waiting")
run = p.start("run", "--json", "--deploy", "-j", "4")
p.wait_for("waiting")


def has_judged():
    """The model of this run; the verdict before is taken away first."""
    try:
        return hashlib.sha256(b"two\n").hexdigest() in p.read("checks/release.json")
    except FileNotFoundError:
        return False


wait_until(has_judged, "the gate has judged")
time.sleep(0.5)  # until it is through
p.remove("checks/release.json")
p.write("checks/release.json", good)
p.remove("hold")
result = run.wait(exit=4)
equal(result.states["ship"], "blocked", "put there while the run was under way")
expect(not p.exists("shipped.txt"), "nothing is deployed")

# What the gate made is what counts, without the stages before, too.
p.write("rows.csv", GOOD)
p.refit("run", "release", "slow", "train")
equal(p.refit("run", "--json", "--single", "ship").states, {"ship": "ran"}, "a verdict of the gate's own")

# So is one that the store has of it, whatever the workspace remembers.
p.remove("checks/release.json", "model.bin", "slow.txt")
p.refit("restore")
shutil.rmtree(p.path(".refit/state"))
equal(p.refit("run", "--json", "--single", "ship").states, {"ship": "ran"}, "a verdict out of the store")
p.write("checks/release.json", p.read("checks/release.json").replace("{", "{ ", 1))
shutil.rmtree(p.path(".refit/state"))
expect_blocked(p.refit("run", "--json", "--single", "ship", exit=4), "ship", "one that the store does not have")
