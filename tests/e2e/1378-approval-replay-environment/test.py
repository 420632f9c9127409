"""An approval for one environment is none for another, nor for all; one without an environment is for none."""
from approvals import Gated
from harness import equal

p = Gated()
p.policy(environments="{staging: {gates: [release]}, production: {gates: [release]}}")
p.approve("ana", "--environment", "staging")
equal(p.judged("--environment", "staging")[0], "approved", "its environment")
equal(p.judged("--environment", "production")[0], "needs approval", "another")
equal(p.judged()[0], "needs approval", "none")
p.approve("bo")
equal(p.judged()[0], "approved", "none, with an approval for none")
equal(p.judged("--environment", "production")[0], "needs approval", "an approval for none")

# A rejection for one environment leaves the other, and one without an environment holds for all.
p.reject("cy", "--environment", "production")
equal(p.judged("--environment", "staging")[0], "approved", "not the environment of the rejection")
equal(p.judged("--environment", "production")[0], "rejected", "that of the rejection")
p.reject("cy")
equal(p.judged("--environment", "staging")[0], "rejected", "a rejection for all")
