"""`refit approvals` and `refit audit` run nothing of the project, write nothing, and read hostile files unharmed; what
approves writes nowhere else."""
import os

from approvals import Gated, sha256
from harness import contains, equal, expect

p = Gated()
p.start_git()
p.approve("ana")
p.git("config", "core.fsmonitor", "touch fsmonitor-ran")
p.git("config", "core.sshCommand", "touch ssh-ran")
p.git("config", "filter.x.clean", "touch filter-ran")
p.write(".gitattributes", "* filter=x\n")
os.makedirs(p.path(".git/hooks"), exist_ok=True)
for hook in ("post-checkout", "reference-transaction", "post-index-change"):
    p.write(f".git/hooks/{hook}", "#!/bin/sh\ntouch hook-ran\n", executable=True)
p.write("ssh-keygen", "#!/bin/sh\ntouch keygen-ran\n", executable=True)
p.policy(protected=f"{{url: {p.root}, ref: refs/heads/main}}", not_author=True)

text = "x" * 100
p.write("approvals/release/0000000000000000.json", b"\x00\xff" * 1000)
p.write("approvals/release/1111111111111111.json", "[" * 100000)
p.write("approvals/release/name\nwith\x1b[31m.json", "{}")
p.link("approvals/release/2222222222222222.json", "/dev/zero")
p.link("approvals/loop", ".")
os.mkfifo(p.path("approvals/release/3333333333333333.json"))
before = p.snapshot()
contains(p.refit("approvals").stdout, "not counted")
p.refit("approvals", "--json")
p.refit("audit")
equal(p.refit("audit", "--verify", exit=4).stdout.count("\x1b"), 0, "control bytes on the terminal")
equal(p.snapshot(), before, "the project")
expect(not any(p.exists(f"{name}-ran") for name in ("fsmonitor", "ssh", "filter", "hook", "keygen")), "something ran")
p.remove("approvals")
p.link("approvals", str(p.base))
contains(p.refit("approvals", exit=2).stderr, "`approvals` must be a folder, and no link to one")
contains(p.approve("ana", exit=2).stderr, "must be a folder")
p.remove("approvals")
p.link("approvals/release", str(p.base / "home"))
contains(p.approve("ana", exit=2).stderr, "`approvals/release` must be a folder, and no link to one")
p.remove("approvals/release")
for name in ("heads.new", "heads"):
    p.link(f"approvals/{name}", str(p.base / "home/precious"))
    p.approve("ana", "--reason", name, exit=5 if name == "heads.new" else 2)
    expect(not (p.base / "home/precious").exists(), "a link was followed")
    p.remove(f"approvals/{name}")
