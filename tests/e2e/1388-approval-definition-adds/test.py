"""What the gate's definition asks for adds to the policy: more people, another group, less time; never less of it. A
gate that the policy does not know is approved by nobody."""
from approvals import Gated
from harness import contains, equal

p = Gated(need=2)
p.approve("ana")
p.approve("bo")
equal(p.judged()[0], "approved", "as the policy says")


def ask(text):
    p.manifest(f"gates:\n  release:\n    model: model.bin\n    rows: {{baseline: base.csv}}\n    approval: {text}\n")


ask("{need: 1, not_author: false, expires: 9999d}")
equal(p.judged()[0], "approved", "less")
ask("{need: 3}")
contains(p.judged()[1], "needs 3 approvals by `leads`, and has 2")
ask("{group: leads}")
equal(p.judged()[0], "approved", "the same group")
ask("{group: anybody}")
contains(p.judged()[1], "is not in the group `anybody`")
ask("{not_author: true}")
contains(p.judged()[1], "its authors are not known")
ask("{expires: 1s}")
p.forge(next(file for file in p.files()), "ana", signedAt="2026-01-01T00:00:00Z", expiresAt="2999-01-01T00:00:00Z")
equal(p.judged()[0], "needs approval", "less time")
for text, fault in (("{need: many}", "`need` is a number"), ("{group: 1}", "`group` is the name"),
                    ("{not_author: 1}", "`not_author` is true or false"),
                    ("{expires: soon}", "`expires` is a duration"), ("true", "it is a map such as")):
    ask(text)
    contains(p.judged()[1], "`approval` of gate `release`: " + fault)

ask("{need: 1}")
p.replace("refit.yaml", "release:", "unknown:")
p.verdict(name="unknown")
contains(p.judged()[1], "the policy has no rule for it")
contains(p.refit("approve", "unknown", "--key", str(p.keys["ana"]), exit=2).stderr, "has no rule for gate `unknown`")
