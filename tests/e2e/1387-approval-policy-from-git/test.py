"""Policy, signers, rejections and heads may come from a branch at a URL: the one that the configuration names, whatever
the checkout says of it."""
from approvals import Gated
from harness import contains, equal, expect

p = Gated()
(p.trusted / "policy.yaml").write_text((p.trusted / "policy.yaml").read_text().replace("protected: none\n", ""))
p.write("policies/policy.yaml", (p.trusted / "policy.yaml").read_text())
p.write("policies/signers", "".join(p.line(name) for name in ("ana", "bo")))
p.start_git()
p.publish()
url = f"approvals:\n  url: {p.base}/protected.git\n  ref: refs/heads/main\n"
files = "  policy: policies/policy.yaml\n  signers: policies/signers\n"
p.configure(url + files)
equal(p.approve("ana")["outcome"], "approved", "the branch's policy")

# The checkout's own copy, its refs and its remotes do not matter.
p.write("policies/signers", p.line("eve", "ana@example.org"))
p.commit("eve")
p.git("remote", "add", "origin", str(p.root))
p.git("update-ref", "refs/remotes/origin/main", "HEAD")
contains(p.approve("eve", exit=2).stderr, "not in the list of allowed signers")
equal(p.judged()[0], "approved", "the list of the branch")
p.publish()
equal(p.judged()[0], "needs approval", "the branch has another list now")
p.git("reset", "-q", "--hard", "HEAD~1")
p.publish()

p.reject("bo")
p.commit("bo")
p.publish()
p.remove("approvals")
equal(p.judged()[0], "rejected", "the rejection of the branch")

p.configure(url + "  policy: policies/none.yaml\n  signers: policies/signers\n")
contains(p.refit("approvals", exit=2).stderr, "has no file policies/none.yaml")
p.configure(url.replace("main", "none") + files)
contains(p.refit("approvals", exit=5).stderr, "the protected branch refs/heads/none", "cannot be read")
p.configure(url.replace("refs/heads/main", "main") + files)
contains(p.refit("approvals", exit=2).stderr, "a ref in full, such as refs/heads/main")
p.configure("approvals:\n  url: ext::sh -c touch% owned\n  ref: refs/heads/main\n" + files)
contains(p.refit("approvals", exit=5).stderr, "cannot be read")
expect(not p.exists("owned"), "a transport ran a command")
p.configure("approvals:\n  url: --upload-pack=touch owned\n  ref: refs/heads/main\n" + files)
contains(p.refit("approvals", exit=2).stderr, "is no branch of a repository")
p.configure(url)
contains(p.refit("approvals", exit=2).stderr, "`approvals.policy` and `approvals.signers` belong together")

# A policy that is a file of the machine must say where rejections are kept.
p.configure(f"approvals:\n  policy: {p.trusted}/policy.yaml\n  signers: {p.trusted}/signers\n")
contains(p.refit("approvals", exit=2).stderr,
         "add `protected: {url: URL, ref: refs/heads/BRANCH}`, or `protected: none`")
