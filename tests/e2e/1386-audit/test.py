"""The log of approvals is whole if every entry is signed and every entry that another one or a head names is there; the
first that is broken or missing is told, with exit 4."""
from approvals import Gated, sha256
from harness import contains, equal

p = Gated()
p.start_git()
p.policy(protected=p.publish())
for name in ("ana", "bo", "cy"):
    p.approve(name)
first, second, third = sorted(p.files(), key=lambda file: ["ana", "bo", "cy"].index(
    next(entry["who"] for entry in p.approvals() if entry["file"] == file).split("@")[0]))
equal(p.statement(first)["predicate"]["parents"], [], "the first")
equal(p.statement(third)["predicate"]["parents"], [sha256(p.bytes(second))], "the last")


def audit(exit=4):
    answer = p.refit("audit", "--verify", "--json", exit=exit).json
    equal(answer["whole"], exit == 0, "whole")
    return answer


answer = audit(exit=0)
equal((answer["entries"], len(answer["unpinned"])), (3, 3), "nothing is on the protected branch yet")
p.commit("ana")
p.publish()
equal(audit(exit=0)["unpinned"], [], "everything is")
contains(p.refit("audit", "--verify").stdout, "the log is whole: 3 entries")
contains(p.refit("audit").stdout, "approved", "ana@example.org", "bo@example.org", "cy@example.org")


def without(*files):
    """Gone in the checkout, the log, and what is pinned of it on the protected branch."""
    saved = {file: p.bytes(file) for file in files}
    p.remove(*files)
    return lambda: [p.write(file, content) for file, content in saved.items()]


def both(file):
    return file, file.replace(".json", ".sig")


for file in (first, second, third):
    undo = without(*both(file))
    contains(audit()["fault"], file + ": the protected branch has it, and here it is missing or not the same")
    undo()
undo = without(first.replace(".json", ".sig"))
contains(audit()["fault"], first)
undo()

# Without what the protected branch has: by the chain alone, and by the head that is pinned.
p.policy()
undo = without(*both(second))
equal(audit()["fault"], f"{third}: the entry before it is missing, {sha256(p.git('show', 'HEAD:' + second))[:16]}.json",
      "the middle")
undo()
undo = without(*both(third))
contains(audit()["fault"], "approvals/heads names it, and it is missing")
undo()
undo = without("approvals/heads")
equal(audit()["fault"], "approvals/heads is missing", "no heads")
p.write("approvals/heads", "")
equal(audit()["fault"], "approvals/heads is empty, and there are entries", "heads of nothing")
undo()
p.write("approvals/heads", "what?\n")
contains(audit()["fault"], "lines that are no SHA-256")
contains(p.approve("ana", exit=2).stderr, "approvals/heads has lines that are no SHA-256")
p.git("checkout", "-q", "approvals")
text = p.read(second)
p.write(second, text.replace('"reason":""', '"reason":"!"'))
contains(audit()["fault"], second)
contains(p.refit("audit", "--verify", exit=4).stdout, "the log is broken: " + second)
p.write(second, text)
file = p.forge(second, "eve")
contains(audit()["fault"], file + ": it is not signed by an allowed signer")
p.remove(*both(file))
p.git("checkout", "-q", "approvals")
equal(audit(exit=0)["entries"], 3, "as it was")

# Deleted together with all that names it: only the protected branch knows.
p.remove("approvals")
equal(audit(exit=0)["entries"], 0, "without a protected branch nothing shows")
p.policy(protected=p.publish())
contains(audit()["fault"], first)

# Two people who did not see each other's entry: both are heads, and the next one joins them.
p.git("checkout", "-q", "approvals")
p.verdict(message="other statistics")
p.git("branch", "aside")
p.approve("ana", "--reason", "here")
p.commit("ana", message="here")
p.git("checkout", "-q", "aside")
p.approve("bo", "--reason", "there")
p.commit("bo", message="there")
p.write(".gitattributes", "approvals/heads merge=union\n")
p.git("merge", "-q", "-m", "both", "main")
equal((audit(exit=0)["entries"], len(p.read("approvals/heads").splitlines())), (5, 2), "two heads")
joined = p.approve("cy", "--reason", "both")["file"]
equal((len(p.statement(joined)["predicate"]["parents"]), p.read("approvals/heads")),
      (2, sha256(p.bytes(joined)) + "\n"), "joined")
equal(audit(exit=0)["entries"], 6, "all of them")
