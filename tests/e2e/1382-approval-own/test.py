"""Whoever wrote what is approved does not approve it: no author, no committer and no signer of a commit since the
baseline. A commit that nobody vouches for asks for one approval more."""
from approvals import Gated, mail
from harness import contains, equal

p = Gated(not_author=True)
base = p.start_git("cy", signed="cy")
equal(p.approve("ana")["outcome"], "approved", "somebody else")
equal(p.approve("cy")["why"], f"{mail('cy')} is an author of what is to be approved", "the author")



def own():
    """ana's approval does not count any more."""
    equal(p.judged()[0], "needs approval", "the author's own")
    equal(p.states()["ana"], ("not counted", f"{mail('ana')} is an author of what is to be approved"), "why")


# The commit of an approval is no authorship.
p.commit("ana", signed="ana", message="approve")
equal(p.judged()[0], "approved", "the approver has committed the approval")

# Code that is hidden among approvals is one.
for path, text in (("approvals/release/code.py", "0"), ("approvals/x/0123456789abcdef.json", "print(0)\n"),
                   ("approvals/x/0123456789abcdef.sig", "-----BEGIN SSH SIGNATURE-----\necho 0\n"),
                   ("approvals/heads", "echo 0\n")):
    p.write(path, text)
    p.commit("ana", signed="ana")
    own()
    p.git("reset", "-q", "--hard", "HEAD~1")
p.path("approvals/x").mkdir()
p.path("approvals/x/0123456789abcdef.json").symlink_to("../../train.py")
p.commit("ana", signed="ana")
own()
p.git("reset", "-q", "--hard", "HEAD~1")

# Author, committer, and whose key it is: each is one of them, and case does not matter.
p.write("code.py", "1")
p.git("add", "code.py")
p.git("-c", "user.email=x@example.org", "-c", "gpg.format=ssh", "-c", f"user.signingkey={p.keys['cy']}", "-c",
      "commit.gpgsign=true", "commit", "-q", "-m", "m", "--author", "A <ANA@example.org>")
own()
p.git("reset", "-q", "--hard", "HEAD~1")
equal(p.judged()[0], "approved", "without that commit")
p.write("code.py", "2")
p.commit("ana", signed="cy", message="as committer and author")
own()
p.git("reset", "-q", "--hard", "HEAD~1")
p.write("code.py", "3")
p.commit("somebody", signed="ana", message="under another name")
own()

# Nobody's signature: one more.
p.git("reset", "-q", "--hard", "HEAD~1")
p.write("code.py", "4")
commit = p.commit("somebody")
outcome, message = p.judged()
equal(outcome, "needs approval", "a commit that is not signed")
contains(message, "needs 2 approvals by `leads` (one more than usual, since commit " + commit[:12] +
         " is not signed by an allowed signer), and has 1")
answer = p.approve("bo")
equal(answer["outcome"], "approved", "two people")
p.git("reset", "-q", "--hard", "HEAD~1")
p.write("code.py", "5")
p.commit("somebody", signed="eve", message="by nobody that is known")
p.policy(need=2)
equal(p.judged()[0], "needs approval", "a signature of a key that nobody listed")
p.git("reset", "-q", "--hard", "HEAD~1")
p.write("notes", "x")
p.git("add", "notes")
contains(p.judged()[1], "needs 3 approvals", "there are changes that are not committed")
p.git("reset", "-q", "--hard")

# The commits before the baseline are nobody's concern; which one that is, is the policy's word.
p.write("code.py", "6")
head = p.commit("bo", signed="bo")
p.policy(need=2, environments=f"{{production: {{gates: [release], since: {head}}}}}")
p.approve("ana", "--environment", "production")
p.approve("bo", "--environment", "production")
equal(p.judged("--environment", "production")[0], "approved", "since the commit of the policy")
p.policy(need=2, environments=f"{{production: {{gates: [release], since: {base}}}}}")
equal(p.judged("--environment", "production")[0], "needs approval", "bo is an author since then")
p.policy(need=2, environments="{production: {gates: [release], since: main}}")
contains(p.refit("approvals", exit=2).stderr, "policy.yaml:", "`since` is the full id of a commit")
p.policy(need=2, environments=f"{{production: {{gates: [release], since: {'0' * 40}}}}}")
contains(p.judged("--environment", "production")[1], f"git has no commit {'0' * 40}; fetch it")
