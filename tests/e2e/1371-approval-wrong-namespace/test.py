"""A signature that was made for something else, such as a commit or a file, is no approval."""
from approvals import Gated
from harness import contains, equal

p = Gated()
file = p.approve("ana")["file"]
equal(p.judged()[0], "approved", "the approval itself")
for space in ("git", "file", "refit-approval2"):
    file = p.forge(file, "ana", space)
    outcome, message = p.judged()
    equal(outcome, "needs approval", f"the same statement, signed for {space}")
    contains(message, "the signature is not one of this statement for the namespace refit-approval")
p.forge(file, "ana")
equal(p.judged()[0], "approved", "signed for approvals again")
