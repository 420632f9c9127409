"""A model that was swapped after its gate passed is not deployed, with a policy or without: what a deploy starts from
is what the gate judged."""
import time

from approvals import Gated
from harness import contains, equal

p = Gated()
p.remove("checks/release.json")
p.write("refit.yaml", """\
stages:
  train: {cmd: cp seed.txt model.bin, deps: [seed.txt], outs: [model.bin]}
  predict: {cmd: cp truth.csv rows.csv, deps: [truth.csv, model.bin], outs: [rows.csv]}
  slow:
    cmd: ': > waiting; while [ -e waiting ]; do sleep 0.02; done; echo > slow.txt'
    deps: [seed.txt]
    outs: [slow.txt]
  ship: {kind: deploy, cmd: cat model.bin >> shipped.txt, deps: [model.bin, slow.txt]}
gates:
  release:
    model: ./model.bin
    baseline: none
    rows: {candidate: rows.csv, key: id, label: y, prediction: p}
    metrics: {accuracy: {better: higher, min: 0.5}}
""")
p.write("truth.csv", "id,y,p\n1,1,1\n")
for name, pinned in (("with a policy", True), ("without", False)):
    if not pinned:
        p.configure("jobs: 2\n")
    p.write("seed.txt", f"good {name}\n")
    run = p.start("run", "--json", "--deploy", "-j", "4")
    while not (p.exists("waiting") and p.exists("checks/release.json")
               and name in p.read("model.bin") and p.exists("rows.csv")):
        time.sleep(0.01)
    time.sleep(0.5)  # until the gate is through
    p.write("model.bin", "evil\n")
    p.remove("waiting")
    result = run.wait(exit=None)
    equal(result.states["release"], "ran", "the gate")
    equal(result.states["ship"] in ("blocked", "failed", "skipped"), True, f"{name}: {result.states}")
    contains(result.reasons["ship"], "model.bin")
    equal(p.exists("shipped.txt"), False, f"{name}: something was deployed")
    p.remove("slow.txt", "checks/release.json", "rows.csv")

# A file that is only spelt another way is the same.
p.write("refit.yaml", p.read("refit.yaml").replace("waiting; while", "began; false && while"))
p.write("seed.txt", "at last\n")
equal(p.refit("run", "--json", "--deploy").states["ship"], "ran", "what the gate judged")
equal(p.read("shipped.txt"), "at last\n", "what was deployed")
