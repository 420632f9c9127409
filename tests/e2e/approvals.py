"""A project with a gate, keys of several people, and a policy outside the checkout: for the tests of approvals."""
import hashlib
import json
import shutil
import subprocess

from harness import Project, skip

MANIFEST = """\
gates:
  release:
    model: model.bin
    rows: {candidate: test.csv, baseline: base.csv, key: id, label: y, prediction: p}
    metrics: {accuracy: {better: higher, max_drop: 0.01}}
stages:
  nothing:
    cmd: echo ran > ran.txt
    outs: [ran.txt]
"""
# For those whose predictions a stage makes: rows.csv, judged by its accuracy alone.
ALONE = """\
gates:
  release:
    model: model.bin
    baseline: none
    rows: {candidate: rows.csv, key: id, label: y, prediction: p}
    metrics: {accuracy: {better: higher, min: %s}}
"""
PEOPLE = ("ana", "bo", "cy")


def sha256(data):
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()


def mail(name):
    return f"{name}@example.org"


class Gated(Project):
    """Nothing is judged by the tests themselves: `verdict` writes what a gate would write."""

    def __init__(self, protected="none", **rule):
        for tool in ("ssh-keygen", "git"):
            if not shutil.which(tool):
                skip(f"{tool} is not installed")
        super().__init__(MANIFEST)
        self.trusted = self.base / "trusted"
        self.trusted.mkdir()
        self.keys = {}
        for name in (*PEOPLE, "eve"):
            self.make_key(name)
        self.signers("".join(self.line(name) for name in PEOPLE))
        self.rule = {"group": "leads", "need": 1, "not_author": False, **rule}
        self.policy(protected=protected)
        self.configure(f"approvals:\n  policy: {self.trusted}/policy.yaml\n  signers: {self.trusted}/signers\n")
        for name in ("model.bin", "test.csv", "base.csv"):
            self.write(name, f"{name} of the first day\n")
        self.verdict()

    # what is trusted

    def make_key(self, name):
        path = self.base / f"key-{name}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
        self.keys[name] = path
        return path

    def public(self, name):
        return " ".join(self.keys[name].with_suffix(".pub").read_text().split()[:2])

    def line(self, name, principal=None, options=""):
        return f"{principal or mail(name)} {options + ' ' if options else ''}{self.public(name)}\n"

    def signers(self, text):
        (self.trusted / "signers").write_text(text)

    def policy(self, protected="none", repository="corp/digits", environments="{}", **rule):
        self.rule.update(rule)
        members = ", ".join(mail(name) for name in PEOPLE)
        (self.trusted / "policy.yaml").write_text(
            f"repository: {repository}\nprotected: {protected}\ngroups:\n  leads: [{members}]\n"
            f"gates:\n  release: {json.dumps(self.rule)}\nenvironments: {environments}\n")

    def configure(self, text):
        path = self.home / ".config/refit/config.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    # what is judged

    def verdict(self, outcome="needs_approval", name="release", message="12 rows more would settle it", **more):
        inputs = {path: {"sha256": sha256(self.bytes(path)), "bytes": len(self.bytes(path))}
                  for path in ("model.bin", "test.csv", "base.csv")}
        verdict = {"check": "model", "format": "refit-verdict/1", "inputs": inputs, "name": name, "outcome": outcome,
                   "policy_sha256": sha256("the definition"),
                   "results": [{"outcome": outcome, "message": message}], **more}
        self.write(f"checks/{name}.json", json.dumps(verdict, sort_keys=True) + "\n")

    # what people do

    def approve(self, name, *words, exit=0):
        result = self.refit("approve", "release", "--json", "--key", str(self.keys[name]), *words, exit=exit)
        return result.json if exit == 0 else result

    def reject(self, name, *words, exit=0):
        return self.refit("reject", "release", "--json", "--key", str(self.keys[name]), "--reason", "sevens are worse",
                          *words, exit=exit).json

    def approvals(self):
        return self.refit("approvals", "--json").json["approvals"]

    def judged(self, *words):
        """What comes of it: outcome and message."""
        gate, = self.refit("approvals", "--json", *words).json["gates"]
        return gate["outcome"], gate["message"]

    def states(self):
        """Who → state and reason of what they signed, the last one of each."""
        return {entry["who"].split("@")[0]: (entry["state"], entry["why"]) for entry in self.approvals()}

    def files(self):
        return sorted(str(path.relative_to(self.root)) for path in (self.root / "approvals").glob("*/*.json"))

    # signing by hand, as somebody without refit would

    def statement(self, file):
        return json.loads(self.read(file))

    def sign(self, name, text, space="refit-approval"):
        """Write a statement and the signature that ssh-keygen gives for it."""
        id = sha256(text)
        gate = json.loads(text)["predicate"]["gate"]
        self.write(f"approvals/{gate}/{id[:16]}.json", text)
        signature = subprocess.run(["ssh-keygen", "-Y", "sign", "-n", space, "-f", self.keys[name]], check=True,
                                   input=text.encode(), capture_output=True).stdout
        self.write(f"approvals/{gate}/{id[:16]}.sig", signature)
        return f"approvals/{gate}/{id[:16]}.json"

    def fingerprint(self, name):
        words = ["ssh-keygen", "-l", "-f", self.keys[name]]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()[1]

    def forge(self, file, name, space="refit-approval", **predicate):
        """The statement with other words in it, signed by somebody, in place of the file."""
        statement = self.statement(file)
        statement["predicate"].update({"signer": self.fingerprint(name), **predicate})
        self.remove(file, file.replace(".json", ".sig"))
        return self.sign(name, canonical(statement), space)

    # git

    def commit(self, author="cy", signed=None, message="a change"):
        """Everything, by that person."""
        words = ["-c", f"user.email={mail(author)}"]
        if signed:
            words += ["-c", "gpg.format=ssh", "-c", f"user.signingkey={self.keys[signed]}", "-c", "commit.gpgsign=true"]
        self.git("add", "-A")
        self.git(*words, "commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def start_git(self, author="cy", signed=None):
        self.git("init", "-q", "-b", "main")
        self.write(".gitignore", ".refit/\n")
        return self.commit(author, signed)

    def publish(self):
        """The protected branch is what HEAD is now."""
        bare = self.base / "protected.git"
        if not bare.exists():
            self.git("init", "-q", "--bare", str(bare))
        self.git("push", "-q", "--force", str(bare), "HEAD:refs/heads/main")
        return f"{{url: {bare}, ref: refs/heads/main}}"


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
