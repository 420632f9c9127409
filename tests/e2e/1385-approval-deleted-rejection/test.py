"""A rejection wins over any number of approvals, and is read from the protected branch: to delete or to change it in a
checkout takes nothing away."""
from approvals import Gated
from harness import contains, equal

p = Gated()
p.start_git()
p.policy(protected=p.publish())
p.approve("ana")
equal(p.judged()[0], "approved", "before the rejection")
p.reject("bo")
rejection = next(file for file in p.files() if p.statement(file)["predicate"]["decision"] == "reject")
outcome, message = p.judged()
equal((outcome, message), ("rejected", "gate `release` was rejected by bo@example.org: sevens are worse"), "rejected")
equal(p.approve("cy")["outcome"], "rejected", "one more approval")
p.verdict("pass")
equal(p.judged()[0], "rejected", "the gate passes now")
p.verdict(message="other statistics")
equal(p.judged()[0], "rejected", "another report about the same model")
p.verdict()

p.commit("bo", message="reject")
p.publish()
text, signature = p.read(rejection), p.bytes(rejection.replace(".json", ".sig"))
p.remove(rejection, rejection.replace(".json", ".sig"), "approvals/heads")
equal(p.judged()[0], "rejected", "deleted")
equal([entry["state"] for entry in p.approvals() if entry["protected_only"]], ["rejected"], "from the protected branch")
p.commit("eve", message="tidy up")
p.git("update-ref", "refs/remotes/origin/main", "HEAD")
equal(p.judged()[0], "rejected", "deleted in git, and a local ref that says so")
p.write(rejection, text)
p.write(rejection.replace(".json", ".sig"), "no signature")
equal(p.judged()[0], "rejected", "its signature destroyed")
p.write(rejection.replace(".json", ".sig"), signature)
p.write(rejection, text.replace('"reject"', '"approve"'))
equal(p.judged()[0], "rejected", "its text changed")
p.write(rejection, text)

# The branch that cannot be read is an error, and no reason to go on without it.
(p.base / "protected.git").rename(p.base / "gone.git")
contains(p.refit("approvals", exit=5).stderr, "the protected branch refs/heads/main", "cannot be read")
contains(p.approve("ana", exit=5).stderr, "cannot be read")
(p.base / "gone.git").rename(p.base / "protected.git")

# It is a rejection of that model, by somebody who could have approved it.
p.write("model.bin", "a better model")
p.verdict()
equal(p.judged()[0], "needs approval", "another model")
p.signers("".join(p.line(name) for name in ("ana", "bo", "cy", "eve")))
p.reject("eve")
equal(p.judged()[0], "needs approval", "somebody who is not in the group")
equal(p.approve("ana")["outcome"], "approved", "and is not counted")
