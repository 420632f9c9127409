"""An approval ends at the time that it states, or earlier if the policy says so, and does not begin in the future."""
from approvals import Gated
from harness import contains, equal

p = Gated()
file = p.forge(p.approve("ana")["file"], "ana", signedAt="2026-01-01T00:00:00Z", expiresAt="2026-01-15T00:00:00Z")
outcome, message = p.judged()
equal((outcome, p.states()["ana"]), ("needs approval", ("expired", "it was good until 2026-01-15T00:00:00Z")), "over")
contains(message, "is expired")
file = p.forge(file, "ana", expiresAt="2999-01-01T00:00:00Z")
equal(p.judged()[0], "approved", "a long time")
p.policy(expires="14d")
equal((p.judged()[0], p.states()["ana"]), ("needs approval", ("expired", "it was good until 2026-01-15T00:00:00Z")),
      "longer than the policy lets it last")
p.policy(expires="36500d")
equal(p.judged()[0], "approved", "a policy that lets it last")
p.replace("refit.yaml", "rows:", "approval: {expires: 14d}\n    rows:")
equal(p.judged()[0], "needs approval", "a gate that does not")
p.policy(expires="3d")
contains(p.approve("bo", "--expires", "4d", exit=2).stderr, "longer than the policy lets an approval last, 72 hours")
entry = next(entry for entry in [*map(p.statement, [p.approve("bo")["file"]])])["predicate"]
equal(entry["expiresAt"][11:], entry["signedAt"][11:], "days later, at the same time")

p.policy(expires="36500d")
p.remove("approvals")
p.forge(p.approve("ana")["file"], "ana", signedAt="2998-01-01T00:00:00Z", expiresAt="2999-01-01T00:00:00Z")
contains(p.judged()[1], "it says that it was signed in the future")
