"""A list of signers in which one key could speak for several people is refused whole: patterns, several principals in a
line, certificate authorities and certificates."""
import subprocess

from approvals import Gated
from harness import contains, equal

p = Gated()
p.approve("ana")


def refused(line, *reason, number=2):
    p.signers(p.line("ana") + line)
    for words in (["approvals"], ["approve", "release", "--key", str(p.keys["ana"])], ["audit", "--verify"]):
        contains(p.refit(*words, exit=2).stderr, f"{p.trusted}/signers:{number}:", *reason)


for principal in ("*@example.org", "b?@example.org", "*", "!ana@example.org", "bo@example.org,*"):
    refused(p.line("bo", principal), "is a pattern, with which one key would stand for several people")
refused(p.line("bo", "bo@example.org,cy@example.org"), "gives one key to several people")
refused(p.line("bo", '"*@example.org"'), "")
refused(p.line("bo", '"bo@example.org"'), "without quotes")
for option in ("cert-authority", "CERT-AUTHORITY", 'namespaces="git",cert-authority',
               'cert-authority,namespaces="git"'):
    refused(p.line("bo", options=option), "a certificate authority could make a key for anybody")
for option in ("no-such-option", 'namespaces="a"namespaces="b"', 'namespaces="a",', 'namespaces="a', "namespaces=a"):
    refused(p.line("bo", options=option), "")
subprocess.run(["ssh-keygen", "-q", "-s", p.keys["bo"], "-I", "cy", "-n", "cy@example.org",
                p.keys["cy"].with_suffix(".pub")], check=True)
certificate = " ".join((p.base / "key-cy-cert.pub").read_text().split()[:2])
refused(f"cy@example.org {certificate}\n", "a certificate is no key")
refused("\n# a comment\nbo@example.org ssh-ed25519\n", "a line is PRINCIPAL [OPTIONS] KEY-TYPE KEY", number=4)

tabs = p.line("bo", options='namespaces="refit-approval,git"').replace(" ", "\t")
p.signers(p.line("ana") + "\n  # the others\n" + tabs)
equal(p.judged()[0], "approved", "a plain list")
equal(p.approve("bo")["state"], "valid", "a key with options")

# A certificate of a key that is listed is not that key.
p.signers(p.line("ana") + p.line("bo") + p.line("cy"))
(p.base / "key-cy").rename(p.base / "key-cy2")
(p.base / "key-cy-cert.pub").rename(p.base / "key-cy2-cert.pub")
(p.base / "key-cy.pub").rename(p.base / "key-cy2.pub")
p.keys["cy"] = p.base / "key-cy2-cert.pub"
contains(p.refit("approve", "release", "--key", str(p.keys["cy"]), exit=2).stderr, "")
