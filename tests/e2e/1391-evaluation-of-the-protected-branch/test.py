"""A pass counts by itself only if the model is evaluated as on the protected branch: whoever prints the labels as
predictions, takes other test data or softens the gate needs an approval."""
from approvals import Gated
from harness import contains, equal

GATE = "metrics: {accuracy: {better: higher, min: %s}}"
MANIFEST = """\
stages:
  train: {cmd: cp seed.txt model.bin, deps: [seed.txt], outs: [model.bin]}
  predict:
    cmd: sh predict.sh
    deps: [predict.sh, model.bin, truth.csv]
    outs: [rows.csv]
  ship: {kind: deploy, cmd: cat model.bin >> shipped.txt, deps: [model.bin]}
gates:
  release:
    model: model.bin
    baseline: none
    rows: {candidate: rows.csv, key: id, label: y, prediction: p}
    """
HONEST = """\
echo id,y,p > rows.csv
tail -n +2 truth.csv | while IFS=, read -r id y; do echo "$id,$y,$(cut -c$id model.bin)" >> rows.csv; done
"""
CHEAT = "sed '1s/$/,p/; 2,$s/,\\(.*\\)/,\\1,\\1/' truth.csv > rows.csv\n"

p = Gated()
p.write("refit.yaml", MANIFEST + GATE % 0.7 + "\n")
p.write("predict.sh", HONEST)
p.write("truth.csv", "id,y\n1,1\n2,0\n3,1\n4,1\n")
p.write("seed.txt", "1011\n")
for name in ("model.bin", "checks/release.json"):
    p.remove(name)
p.start_git()
p.policy()
p.run("train", "predict", "release", ran=3)
p.commit("cy")
p.policy(protected=p.publish())


def deploy(exit=0):
    result = p.refit("run", "--json", "--deploy", exit=exit)
    return result.states["ship"], result.reasons.get("ship")


# Another model of the same evaluation passes by itself, or fails.
equal(deploy()[0], "ran", "as on the protected branch")
p.write("seed.txt", "1010\n")
equal(deploy()[0], "ran", "another model")
p.write("seed.txt", "0000\n")
state, why = deploy(exit=4)
equal(state, "blocked", "a bad model")
contains(why, "the gate `release` failed: accuracy: 0.25; min 0.7")

# The predictions are the labels.
p.write("predict.sh", CHEAT)
state, why = deploy(exit=3)
equal(state, "blocked", "other code of the evaluation")
contains(why, "needs approval",
         "the evaluation is not that of the protected branch: stage `predict`, dep predict.sh changed")

# `refit approvals` says the same, wherever it is asked from.
outcome, message = p.judged()
equal(outcome, "needs approval", "what a listing says")
contains(message, "it would pass, but the evaluation is not that of the protected branch", "predict.sh changed")
answer = p.refit("approvals", "--json", "-C", "project", cwd=p.base).json
equal(answer["gates"][0]["outcome"], "needs approval", "from another folder")
p.write("predict.sh", HONEST)
p.refit("run", exit=4)
equal(p.judged()[0], "fail", "the model that is bad")

# Other test data; a softer gate; predictions that nothing makes.
p.write("truth.csv", "id,y\n1,0\n2,0\n3,0\n4,0\n")
contains(deploy(exit=3)[1], "stage `predict`, dep truth.csv changed")
p.write("truth.csv", "id,y\n1,1\n2,0\n3,1\n4,1\n")
p.write("refit.yaml", MANIFEST + GATE % 0.1 + "\n")
contains(deploy(exit=3)[1], "stage `release`, refit.yaml:gates.release.metrics.accuracy.min 0.7 → 0.1")
text = (MANIFEST + GATE % 0.7 + "\n").replace("candidate: rows.csv", "candidate: mine.csv")
p.write("refit.yaml", text)
p.write("mine.csv", "id,y,p\n1,1,1\n2,0,0\n")
equal(deploy(exit=3)[0], "blocked", "predictions of one's own")

# As it was, it passes; and what it needed in the meantime an approval could have given.
p.write("refit.yaml", MANIFEST + GATE % 0.7 + "\n")
p.write("seed.txt", "1011\n")
equal(deploy()[0], "ran", "as it was")
