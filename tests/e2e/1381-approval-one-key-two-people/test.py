"""Two approvals are those of two people with a key each: neither one key under two names nor two keys of one person."""
from approvals import Gated
from harness import contains, equal

p = Gated(need=2)
p.approve("ana")
for second in ("bo@example.org", "boris@example.org"):
    p.signers(p.line("ana") + p.line("ana", second))
    contains(p.refit("approvals", exit=2).stderr,
             f"the key of `{second}` is that of `ana@example.org` in line 1; one key stands for one person")

p.signers(p.line("ana") + p.line("bo", "ANA@example.org"))
answer = p.approve("bo")
equal(answer["outcome"], "needs approval", "a second key of the same person")
contains(answer["message"], "needs 2 approvals by `leads`, and has 1", "is counted already")
equal(sorted(entry["state"] for entry in p.approvals()), ["not counted", "valid"], "one of the two counts")

p.signers(p.line("ana") + p.line("ana", options='namespaces="git"') + p.line("bo"))
equal(p.judged()[0], "approved", "two people")
