"""A key approves only in the time for which the allowed signers have it; what was rejected with it stays rejected."""
from approvals import Gated
from harness import contains, equal

p = Gated()
p.approve("ana")
p.signers(p.line("ana", options='valid-before="20200101"') + p.line("bo"))
outcome, message = p.judged()
equal(outcome, "needs approval", "a key that has expired")
contains(message, "the key is outside the time for which the allowed signers have it")
contains(p.approve("ana", exit=2).stderr, "past its time in the list of allowed signers")
p.signers(p.line("ana", options='valid-after="29990101",namespaces="refit-approval"') + p.line("bo"))
contains(p.judged()[1], "the key is outside the time")
p.signers(p.line("ana", options='valid-after="20200101",valid-before="29990101"') + p.line("bo"))
equal(p.judged()[0], "approved", "within the time")

# Signed while the key was good, which is over now: no approval any more, but still an entry of the log.
file = p.forge(p.files()[0], "ana", signedAt="2021-05-05T00:00:00Z", expiresAt="2999-01-01T00:00:00Z")
p.remove("approvals/heads")
p.approve("bo")
p.signers(p.line("ana", options='valid-before="20220101"') + p.line("bo"))
equal(p.states()["ana"][0], "not counted", "the approval of an old key")
equal(p.refit("audit", "--verify", "--json").json["whole"], True, "the log")
file = p.forge(file, "ana", decision="reject", signedAt="2021-05-05T00:00:01Z", expiresAt=None)
equal(p.judged()[0], "rejected", "a rejection by an old key")
