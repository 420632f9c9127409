"""A key that no allowed signer has approves nothing, whosever name the statement gives."""
from approvals import Gated
from harness import contains, equal

p = Gated()
file = p.approve("ana")["file"]
ana = p.fingerprint("ana")
file = p.forge(file, "eve")
outcome, message = p.judged()
equal(outcome, "needs approval", "a key of nobody's")
contains(message, "it is not signed by an allowed signer")
file = p.forge(file, "eve", signer=ana)
contains(p.judged()[1], "it is not signed by an allowed signer")
file = p.forge(file, "bo", signer=ana)
contains(p.judged()[1], "it names another key than the one that signed it")

# One who is an allowed signer and in no group.
p.signers("".join(p.line(name) for name in ("ana", "bo", "cy", "eve")))
p.forge(file, "eve")
outcome, message = p.judged()
equal(outcome, "needs approval", "somebody who is not in the group")
contains(message, "eve@example.org is not in the group `leads`")
