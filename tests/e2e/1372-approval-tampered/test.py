"""A statement that was changed after it was signed is no approval, however small the change."""
import json

from approvals import Gated, canonical, sha256
from harness import contains, equal

p = Gated()
p.reject("bo")
rejection = p.files()[0]
p.verdict(message="another report")
file = p.approve("ana")["file"]
good, signature = p.read(file), p.bytes(file.replace(".json", ".sig"))


def attempt(text, *reason, name=None, sign=signature):
    p.remove(file, file.replace(".json", ".sig"))
    name = name or f"approvals/release/{sha256(text)[:16]}"
    p.write(name + ".json", text)
    if sign is not None:
        p.write(name + ".sig", sign)
    entry = next(entry for entry in p.approvals() if entry["file"] == name + ".json")
    equal(entry["state"], "not counted", "the state")
    contains(entry["why"], *reason)
    p.remove(name + ".json", *([name + ".sig"] if sign is not None else []))
    p.write(file, good)
    p.write(file.replace(".json", ".sig"), signature)


def changed(**predicate):
    statement = json.loads(good)
    statement["predicate"].update(predicate)
    return canonical(statement)


unsigned = "the signature is not one of this statement"
attempt(changed(expiresAt="2999-01-01T00:00:00Z"), unsigned)
attempt(changed(reason="something else"), unsigned)
attempt(good.replace('"approve"', '"reject"'), unsigned)
attempt(changed(decision="perhaps"), "neither approve nor reject")
attempt(changed(expiresAt=None), "must expire")
attempt(changed(more="x"), "not in the form that refit writes")
attempt(good.replace(":", ": ", 1), "not in the form that refit writes")
attempt(good + "{}", "end of file")
attempt(good[:-20], "")
attempt("[]\n", "this is no approval")
attempt(good, "its name is not that of what it says", name="approvals/release/0123456789abcdef")
attempt(good, "it is of another gate than the folder", name="approvals/other/" + sha256(good)[:16])
attempt(good, "its signature is not there", sign=None)
attempt(good, "it is not signed by an allowed signer", sign=b"no signature at all")
attempt(good, unsigned, sign=p.bytes(rejection.replace(".json", ".sig")))
p.remove(rejection, rejection.replace(".json", ".sig"))
equal(p.judged()[0], "approved", "with the statement as it was signed")
