"""Readers never write to the project and never need to: they work where nothing can be written."""
import os
import subprocess

from harness import equal, expect, pipeline, REFIT

READERS = (["status"], ["status", "--json"], ["why", "train"], ["graph"], ["graph", "--dot"], ["graph", "--mermaid"],
           ["logs", "train"], ["metrics"], ["config"], ["store", "stats"], ["store", "path"], ["run", "-n"])
p = pipeline()
p.run(ran=3)
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")


def durable():
    # LMDB notes readers in lock.mdb: a table in shared memory that happens to be a file.
    return {path: entry for path, entry in p.snapshot().items() if not path.endswith(b"lock.mdb")}


before = durable()
for arguments in READERS:
    p.refit(*arguments)
    equal(durable(), before, f"the project after {' '.join(arguments)}")

# On a file system that is really read-only, where this machine lets us have one.
script = 'mount --bind . . && mount -o remount,bind,ro . && cd "$PWD" && exec "$@"'
command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
try:
    possible = subprocess.run([*command, "true"], cwd=p.root, capture_output=True).returncode == 0
except FileNotFoundError:
    possible = False
if possible:
    for arguments in READERS:
        answer = subprocess.run([*command, REFIT, *arguments], cwd=p.root, env=p.environment, capture_output=True)
        equal((answer.returncode, answer.stderr), (0, b""), f"{' '.join(arguments)} on a read-only file system")
elif os.geteuid() != 0:
    for folder, _, files in os.walk(p.root):
        for name in files:
            os.chmod(os.path.join(folder, name), 0o400)
        os.chmod(folder, 0o500)
    for arguments in READERS:
        p.refit(*arguments)

# Where nothing was ever run they make nothing.
q = pipeline(p.sibling("untouched"))
before = q.snapshot()
for arguments in READERS:
    q.refit(*arguments, exit=None)
    equal(q.snapshot(), before, f"an untouched project after {' '.join(arguments)}")
