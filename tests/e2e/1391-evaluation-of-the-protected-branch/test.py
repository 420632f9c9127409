"""A pass counts by itself only if the model is evaluated as on the protected branch: whoever prints the labels as
predictions, takes other test data or softens the gate needs an approval."""
from approvals import ALONE, Gated
from harness import contains, equal

MANIFEST = """\
stages:
  train: {cmd: cp seed.txt model.bin, deps: [seed.txt], outs: [model.bin]}
  predict:
    cmd: sh predict.sh
    deps: [predict.sh, model.bin, truth.csv, lib]
    outs: [rows.csv]
  ship: {kind: deploy, cmd: cat model.bin >> shipped.txt, deps: [model.bin]}
"""
HONEST = """\
echo id,y,p > rows.csv
tail -n +2 truth.csv | while IFS=, read -r id y; do echo "$id,$y,$(cut -c$id model.bin)" >> rows.csv; done
"""
CHEAT = "sed '1s/$/,p/; 2,$s/,\\(.*\\)/,\\1,\\1/' truth.csv > rows.csv\n"

p = Gated()
p.write("refit.yaml", MANIFEST + ALONE % 0.7)
p.write("predict.sh", HONEST)
p.write("truth.csv", "id,y\n1,1\n2,0\n3,1\n4,1\n")
p.write("seed.txt", "1011\n")
p.write("lib/helper.py", "")
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
p.write("refit.yaml", MANIFEST + ALONE % 0.1)
contains(deploy(exit=3)[1], "stage `release`, refit.yaml:gates.release.metrics.accuracy.min 0.7 → 0.1")
text = (MANIFEST + ALONE % 0.7).replace("candidate: rows.csv", "candidate: mine.csv")
p.write("refit.yaml", text)
p.write("mine.csv", "id,y,p\n1,1,1\n2,0,0\n")
equal(deploy(exit=3)[0], "blocked", "predictions of one's own")

# Predictions that a frozen stage is said to have made; code of a folder that is ignored.
FROZEN = MANIFEST.replace("outs: [rows.csv]\n", "outs: [rows.csv]\n    frozen: true\n") + ALONE % 0.7
p.write("refit.yaml", FROZEN)
p.write("rows.csv", "id,y,p\n1,1,1\n2,0,0\n3,1,1\n4,1,1\n")
contains(deploy(exit=3)[1], "stage `predict` is frozen, so nothing says what its outs are made from")
p.write("refit.yaml", MANIFEST + ALONE % 0.7)
p.write("seed.txt", "1011\n")
p.write(".refitignore", "csv.py\n")
contains(deploy(exit=3)[1], "the evaluation is not that of the protected branch: .refitignore is another")
p.remove(".refitignore")

# A cache that comes with the checkout, and could hold anything: the state, the store, or a store that is called another
# name, or is behind a link.
# Compiled code that is in no digest; a .refitignore that git wrote with other line ends says the same.
p.write("lib/__pycache__/helper.cpython-311.pyc", "x")
equal(deploy()[0], "ran", "what python makes is nothing")
p.git("add", "-f", "lib/__pycache__")
p.git("commit", "-q", "-m", "compiled")
contains(deploy(exit=3)[1], "git has lib/__pycache__, which is in a dep of stage `predict` and in no digest")
p.git("reset", "-q", "--hard", "HEAD~1")
p.write(".refitignore", "*.tmp\n")
p.commit("cy")
p.publish()
equal(deploy()[0], "ran", "with a .refitignore")
p.write(".refitignore", "*.tmp\r\n")
equal(deploy()[0], "ran", "with a .refitignore in other words")
p.write(".refitignore", "*.tm\n")
contains(deploy(exit=3)[1], ".refitignore is another")
p.write(".refitignore", "*.tmp\n")
p.write(".refit/config.yaml", "jobs: 2\n")
p.git("add", "-f", ".refit/config.yaml")
p.git("commit", "-q", "-m", "settings")
equal(deploy()[0], "ran", "settings are no cache")
p.git("rm", "-q", "--cached", ".refit/config.yaml")
p.git("commit", "-q", "-m", "no settings")

for paths, config in ((".refit/state", ""), (".refit/store", ""), ("mine", "store: {path: mine}\n"),
                      ("mine", "store: {path: link/store}\n")):
    if config:
        p.write("refit.config.yaml", config)
        p.path("mine/store").mkdir(parents=True, exist_ok=True)
        p.write("mine/store/x")
        if "link" in config:
            p.path("link").symlink_to("mine")
    deploy(exit=None)
    p.git("add", "-f", paths, *(["link"] if "link" in config else []))
    p.git("commit", "-q", "-m", "with a cache")
    contains(deploy(exit=3)[1], "a store or state of refit came with the checkout, and could hold anything")
    p.git("reset", "-q", "--soft", "HEAD~1")
    p.git("reset", "-q")
    if config:
        p.remove("refit.config.yaml")

# As it was, it passes; and what it needed in the meantime an approval could have given.
p.write("refit.yaml", MANIFEST + ALONE % 0.7)
p.write("seed.txt", "1011\n")
equal(deploy()[0], "ran", "as it was")
