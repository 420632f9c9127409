"""An approval is an in-toto statement, signed by ssh-keygen, about the digests of what is on disk; enough of them
approve, and the same person twice is one."""
import subprocess

from approvals import Gated, canonical, mail, sha256
from harness import contains, equal, expect

p = Gated(need=2)
equal(p.refit("approvals").stdout,
      "no approvals\ngate `release` needs 2 approvals by `leads`, and has 0\n", "nothing yet")
first = p.approve("ana", "--reason", "the seven is fine", "--expires", "7d")
equal(first["outcome"], "needs approval", "one of two")
contains(first["message"], "needs 2 approvals by `leads`", "has 1")

# The file is what anybody can verify without refit.
file = first["file"]
statement = p.statement(file)
equal(p.read(file), canonical(statement), "sorted keys, no white space")
equal(file, f"approvals/release/{sha256(p.bytes(file))[:16]}.json", "named by its digest")
equal(statement["_type"], "https://in-toto.io/Statement/v1", "the type")
equal(statement["subject"], [{"name": "model.bin", "digest": {"sha256": sha256(p.bytes("model.bin"))}}], "the subject")
predicate = statement["predicate"]
equal(predicate["reportDigest"], sha256(p.bytes("checks/release.json")), "the report")
equal(predicate["policyDigest"], sha256("the definition"), "the definition of the gate")
equal(predicate["testSetDigest"], sha256(canonical({"test.csv": sha256(p.bytes("test.csv"))})[:-1]), "the test data")
equal(predicate["baselineDigest"], sha256(canonical({"base.csv": sha256(p.bytes("base.csv"))})[:-1]), "the baseline")
equal((predicate["decision"], predicate["repository"], predicate["gate"], predicate["environment"],
       predicate["reason"], predicate["signer"]),
      ("approve", "corp/digits", "release", "", "the seven is fine", p.fingerprint("ana")), "the rest")
entry = p.approvals()[0]
equal(entry["expires_at_ms"] - entry["signed_at_ms"], 7 * 24 * 3600 * 1000, "how long it is good")
subprocess.run(["ssh-keygen", "-Y", "verify", "-f", str(p.trusted / "signers"), "-I", mail("ana"), "-n",
                "refit-approval", "-s", str(p.path(file.replace(".json", ".sig")))], input=p.bytes(file), check=True,
               capture_output=True)

again = p.approve("ana", "--reason", "to be sure")
equal(again["outcome"], "needs approval", "the same person again")
equal(sorted((entry["state"], entry["why"]) for entry in p.approvals()),
      [("not counted", f"{mail('ana')} is counted already"), ("valid", "")], "one of them counts")
second = p.approve("bo")
equal((second["outcome"], second["state"]), ("approved", "valid"), "two of two")
equal(sorted(entry["state"] for entry in p.approvals()), ["not counted", "valid", "valid"], "the states")
contains(p.refit("approvals").stdout, "valid", mail("ana"), "until", "not counted", "is counted already")
equal(p.read("approvals/heads"), sha256(p.bytes(second["file"])) + "\n", "the head of the log")
equal(p.statement(second["file"])["predicate"]["parents"], [sha256(p.bytes(again["file"]))], "the entry before it")
expect(not p.exists("ran.txt"), "a command of the project ran")

# The key of the configuration, and the usual one in the home.
p.configure(f"approvals:\n  policy: {p.trusted}/policy.yaml\n  signers: {p.trusted}/signers\n  key: {p.keys['cy']}\n")
contains(p.refit("approve", "release").stdout, "approving", "model.bin", "at gate", "needs approval",
         "finding", "12 rows more would settle it", "report", "checks/release.json", "good until",
         "wrote approvals/release/", "was approved by 3 of `leads`")
p.configure(f"approvals:\n  policy: {p.trusted}/policy.yaml\n  signers: {p.trusted}/signers\n")
(p.home / ".ssh").mkdir()
(p.home / ".ssh/id_ed25519").symlink_to(p.keys["bo"])
p.refit("approve", "release", "--reason", "home")
equal([entry["who"] for entry in p.approvals() if entry["reason"] == "home"], [mail("bo")], "the key in the home")
(p.home / ".ssh/id_ed25519").unlink()
made = len(p.files())

# What cannot be approved.
contains(p.refit("approve", "relaese", exit=2).stderr, "no gate is called `relaese`; did you mean `release`?")
contains(p.approve("eve", exit=2).stderr, "is not in the list of allowed signers", "nothing was written")
contains(p.refit("approve", "release", exit=2).stderr, "no SSH key in ~/.ssh")
contains(p.approve("ana", "--environment", "moon", exit=2).stderr, "no environment `moon`")
contains(p.approve("ana", "--expires", "soon", exit=2).stderr, "--expires takes a duration")
contains(p.refit("reject", "release", "--key", str(p.keys["ana"]), exit=2).stderr, "--reason")
p.verdict("fail")
contains(p.approve("ana", exit=4).stderr, "gate `release` failed, and no approval helps")
p.remove("checks/release.json")
contains(p.approve("ana", exit=2).stderr, "has no verdict yet (checks/release.json)")
p.verdict()
p.write("test.csv", "edited after the gate was judged")
contains(p.approve("ana", exit=2).stderr, "another content of test.csv")
equal(len(p.files()), made, "statements")
