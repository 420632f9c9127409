"""Whose approval counts is never said by the checkout: not in its configuration, not by a file in it, and not by a
.refit that came with it. A file in it counts if its SHA-256 is pinned elsewhere."""
from approvals import Gated, sha256
from harness import contains, equal

p = Gated()
p.start_git()
p.approve("ana")
equal(p.judged()[0], "approved", "the policy outside")

# An attacker's own policy and signers.
policy = (p.trusted / "policy.yaml").read_text()
p.write("policy.yaml", policy)
p.write("signers", p.line("eve", "ana@example.org"))
p.write("refit.config.yaml", f"approvals:\n  policy: {p.root}/policy.yaml\n  signers: {p.root}/signers\n")
contains(p.refit("approvals", exit=2).stderr, "refit.config.yaml:2:", "cannot be said in the checkout")
p.write("refit.config.yaml", "approvals.signers: /tmp/signers\n")
contains(p.refit("approvals", exit=2).stderr, "refit.config.yaml:1:", "cannot be said in the checkout")
p.remove("refit.config.yaml")

p.write(".refit/config.yaml", f"approvals:\n  policy: {p.root}/policy.yaml\n  signers: {p.root}/signers\n")
contains(p.refit("approvals", exit=2).stderr, ".refit/config.yaml:2: ", "is in the checkout")
p.configure(f"approvals:\n  policy: {p.trusted}/policy.yaml\n  signers: {p.root}/signers\n")
p.remove(".refit/config.yaml")
contains(p.refit("approvals", exit=2).stderr, "config.yaml:3: ", f"{p.root}/signers is in the checkout")
p.link("../trusted/link", str(p.root / "signers"))
p.configure(f"approvals:\n  policy: {p.trusted}/policy.yaml\n  signers: {p.trusted}/link\n")
contains(p.refit("approvals", exit=2).stderr, "is in the checkout")
p.configure(f"approvals:\n  policy: {p.trusted}/policy.yaml\n  signers: signers\n")
contains(p.refit("approvals", exit=2).stderr, "must be an absolute path outside the checkout")
p.configure(f"approvals:\n  policy: {p.trusted}/policy.yaml\n")
contains(p.refit("approvals", exit=2).stderr, "belong together")

# A .refit that git tracks came with the checkout, whatever it is.
outside = f"approvals:\n  policy: {p.trusted}/policy.yaml\n  signers: {p.trusted}/signers\n"
p.configure("")
p.write(".refit/config.yaml", outside)
equal(p.judged()[0], "approved", "the machine's own .refit")
p.git("add", "-f", ".refit/config.yaml")
p.commit()
contains(p.refit("approvals", exit=2).stderr, "which came with the checkout", "remove .refit from git")
p.git("rm", "-q", "-r", "--cached", ".refit")
p.commit()
equal(p.judged()[0], "approved", "not tracked any more")
p.write("elsewhere/config.yaml", outside)
p.remove(".refit")
p.link(".refit", "elsewhere")
contains(p.refit("approvals", exit=2).stderr, "which came with the checkout")
p.remove(".refit")

# Pinned by their digests they may be in the checkout.
p.write("signers", "".join(p.line(name) for name in ("ana", "bo", "cy")))
p.configure("approvals:\n  policy: policy.yaml\n  signers: signers\n"
            f"  policy_sha256: {sha256(p.bytes('policy.yaml'))}\n  signers_sha256: {sha256(p.bytes('signers'))}\n")
equal(p.judged()[0], "approved", "pinned by digest")
p.write("signers", p.line("ana") + p.line("eve", "bo@example.org"))
contains(p.refit("approvals", exit=2).stderr, "`approvals.signers_sha256` is not the SHA-256 of signers")

# Without any pin nothing can be approved.
p.configure("")
equal(p.judged()[0], "needs approval", "no policy")
contains(p.judged()[1], "no policy says whose counts")
contains(p.approve("ana", exit=2).stderr, "no policy says whose approvals count")
