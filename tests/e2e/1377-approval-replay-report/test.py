"""An approval is of one report, made from one test set, one definition of the gate and one baseline."""
from approvals import Gated, sha256
from harness import equal

p = Gated()
p.approve("ana")


def void(why):
    equal((p.judged()[0], p.states()["ana"]), ("needs approval", ("void", why)), why)


p.verdict(message="other statistics")
void("the report has changed")
p.verdict(policy_sha256=sha256("weaker rules"))
void("the definition of the gate has changed")
for name, why in (("test.csv", "the test data has changed"), ("base.csv", "the baseline has changed")):
    before = p.read(name)
    p.write(name, "easier rows")
    p.verdict()
    void(why)
    p.write(name, before)
p.verdict()
equal(p.judged()[0], "approved", "as it was")

# The key of the gate's stage covers what no file shows, such as its command.
file, = p.files()
file = p.forge(file, "ana", stageKey="0" * 32)
void("what the gate was judged from has changed")
p.forge(file, "ana", stageKey="")

# An approval of one gate is none of another.
p.verdict(name="release2")
p.replace("refit.yaml", "  release:", "  release2: {model: model.bin}\n  release:")
outcomes = {gate["gate"]: gate["outcome"] for gate in p.refit("approvals", "--json").json["gates"]}
equal(outcomes, {"release": "approved", "release2": "needs approval"}, "another gate")
