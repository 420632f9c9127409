"""What a deploy has to have passed is the policy's word: the gates of its environment, for what it deploys, approved
for that environment. A manifest that leaves the gate, its model or the environment out deploys nothing."""
from approvals import Gated
from harness import contains, equal

GATE = """\
  release:
    model: model.bin
    baseline: none
    rows: {candidate: rows.csv, key: id, label: y, prediction: p}
    metrics: {accuracy: {better: higher, min: %s}}
"""
MANIFEST = """\
stages:
  train: {cmd: cp seed.txt model.bin, deps: [seed.txt], outs: [model.bin]}
  old: {cmd: cp seed.txt old.bin, deps: [seed.txt], outs: [old.bin]}
  predict: {cmd: cp truth.csv rows.csv, deps: [truth.csv, model.bin], outs: [rows.csv]}
  ship: {kind: deploy, environment: production, cmd: cat model.bin >> shipped.txt, deps: [model.bin]}
gates:
"""
p = Gated()
p.policy(environments="{production: {gates: [release]}, staging: {gates: []}}")
for name in ("model.bin", "checks/release.json"):
    p.remove(name)
p.write("seed.txt", "1\n")
p.write("truth.csv", "id,y,p\n1,1,1\n2,0,0\n3,1,0\n4,1,1\n")


def deploy(manifest, exit=0, gate=GATE % 0.7):
    p.write("refit.yaml", manifest + gate)
    result = p.refit("run", "--json", "--deploy", exit=exit)
    return result.states["ship"], result.reasons.get("ship")


equal(deploy(MANIFEST)[0], "ran", "a gate that has passed")

# Without the gate, with one of the same name for another model, to nowhere, or to where the policy knows nothing of.
state, why = deploy(MANIFEST, exit=4, gate=GATE.replace("release", "mine") % 0.1)
equal(state, "blocked", "another gate")
contains(why, "the policy asks for the gate `release` before anything is deployed to `production`", "no such gate")
contains(deploy(MANIFEST.replace("gates:\n", ""), exit=4, gate="")[1], "no such gate")
state, why = deploy(MANIFEST.replace("cmd: cat model", "needs: [release], cmd: cat model"), exit=4,
                    gate=GATE.replace("model.bin", "old.bin") % 0.1)
contains(why, "`release` that the policy asks for is about old.bin, which nothing that is deployed here was made from")
contains(deploy(MANIFEST, exit=4, gate=GATE.replace("model.bin", "old.bin") % 0.1)[1],
         "does not come before this stage")
contains(deploy(MANIFEST.replace("environment: production, ", ""), exit=4)[1],
         "this deploy does not say to which it goes; give it one, such as `environment: production`")
contains(deploy(MANIFEST.replace("environment: production", "environment: prod"), exit=4)[1], "no environment `prod`")
equal(deploy(MANIFEST.replace("environment: production", "environment: staging"))[0], "ran", "no gate is asked for")
p.write("refit.yaml", MANIFEST.replace("kind: deploy", "kind: model") + GATE % 0.7)
contains(p.refit("run", exit=2).stderr, "refit.yaml:5:36: `environment`", "only a stage of `kind: deploy`")
equal(p.read("shipped.txt"), "1\n1\n", "what was deployed")
p.write("refit.yaml", MANIFEST + GATE % 0.7)
contains(p.refit("status", "--deploy", exit=None).text + p.refit("why", "ship").stdout, "ship")
p.write("refit.yaml", MANIFEST.replace("environment: production", "environment: prod") + GATE % 0.7)
contains(p.refit("why", "ship").stdout, "blocked", "no environment `prod`")

# An approval is for one environment.
worse = GATE.replace("    baseline: none\n", "").replace("min: %s", "min: 0.7, max_drop: 0.1")
state, why = deploy(MANIFEST, exit=3, gate=worse)
contains(why, "needs approval", "`refit approve release --environment production`")
p.approve("ana", "--reason", "for none")
equal(deploy(MANIFEST, exit=3, gate=worse)[0], "blocked", "approved for no environment")
p.approve("ana", "--environment", "staging", "--reason", "for staging")
equal(deploy(MANIFEST, exit=3, gate=worse)[0], "blocked", "approved for another environment")
p.approve("ana", "--environment", "production", "--reason", "for production")
equal(deploy(MANIFEST, gate=worse)[0], "ran", "approved for this one")
p.refit("run")
