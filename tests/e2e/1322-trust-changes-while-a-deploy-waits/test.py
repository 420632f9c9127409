"""Whose approval counts is asked again when a deploy starts: of the policy, the signers and the protected branch as
they are at that moment, however long it had to wait."""
import json
import time

from approvals import Gated, mail
from harness import equal, expect, wait_until

p = Gated()
p.remove("checks/release.json")
p.write("refit.yaml", """\
stages:
  train: {cmd: cp seed.txt model.bin, deps: [seed.txt], outs: [model.bin]}
  slow:
    cmd: ': > waiting; while [ -e hold ]; do sleep 0.02; done; date +%N > slow.txt'
    deps: [seed.txt]
    always_changed: true
    outs: [slow.txt]
  ship: {kind: deploy, cmd: cat model.bin >> shipped.txt, deps: [model.bin, slow.txt]}
gates:
  release:
    model: model.bin
    rows: {candidate: rows.csv, key: id, label: y, prediction: p}
    metrics: {accuracy: {better: higher, min: 0.5, max_drop: 0.1}}
""")
p.write("seed.txt", "one\n")
p.write("rows.csv", "id,y,p\n1,1,1\n")
p.start_git()
protected = p.publish()
p.policy(protected=protected)
equal(p.refit("run", "--json", "--deploy", exit=3).states["ship"], "blocked", "not approved yet")
p.approve("ana", "--reason", "seen")
p.commit("ana")
p.publish()
equal(p.refit("run", "--json", "--deploy").states["ship"], "ran", "approved")
before = p.read("shipped.txt")


def reject_on_the_branch():
    """From another clone: what is in the checkout says nothing of it."""
    clone = p.base / "clone"
    p.git("clone", "-q", "-b", "main", str(p.base / "protected.git"), str(clone), cwd=p.base)
    for file in ("refit.yaml", "model.bin", "rows.csv", "checks/release.json"):
        (clone / file).parent.mkdir(exist_ok=True)
        (clone / file).write_bytes(p.bytes(file))
    p.refit("reject", "release", "--key", str(p.keys["bo"]), "--reason", "no", "-C", str(clone), cwd=p.base)
    p.git("add", "-A", "approvals", cwd=clone)
    p.git("commit", "-q", "-m", "rejected", cwd=clone)
    p.git("push", "-q", "origin", "HEAD:main", cwd=clone)


def expire_key():
    p.signers(p.line("ana", options='valid-before="20200101"') + p.line("bo") + p.line("cy"))


def leave_group():
    text = (p.trusted / "policy.yaml").read_text()
    (p.trusted / "policy.yaml").write_text(text.replace(mail("ana") + ", ", ""))


def reset():
    p.signers("".join(p.line(name) for name in ("ana", "bo", "cy")))
    p.policy(protected=protected, need=1)


for what, change in (("her key has expired", expire_key), ("she has left the group", leave_group),
                     ("two are needed", lambda: p.policy(protected=protected, need=2)),
                     ("it is rejected on the protected branch", reject_on_the_branch)):
    reset()
    p.remove("waiting")
    p.write("hold")
    run = p.start("run", "--json", "--deploy", "-j", "4")
    p.wait_for("waiting")
    time.sleep(0.3)
    change()
    p.remove("hold")
    result = run.wait(exit=None)
    equal((what, result.states["ship"]), (what, "blocked"), json.dumps(result.reasons))
    equal(p.read("shipped.txt"), before, what)
