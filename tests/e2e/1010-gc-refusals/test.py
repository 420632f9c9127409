"""gc where it cannot work: a store that may only be read, one of another kind, another gc at work."""
import fcntl
import os

from harness import contains, equal, maker, REFIT, set_n

p = maker(100_000)
for n in range(2):
    set_n(p, n)
    p.run(ran=1)
with open(p.path(".refit/store/gc.lock"), "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    contains(p.refit("gc", exit=5).stderr, "another `refit gc` is at work", "wait for it")
    equal(p.refit("gc", "--dry-run", "--json", "--budget", "0").json["taken_records"], 1, "a dry run needs no lock")
foreign = p.base / "foreign"
foreign.mkdir()
(foreign / "data.mdb").write_bytes(b"this is no LMDB environment\n" * 1000)
contains(p.refit("gc", env={"REFIT_STORE": str(foreign)}, exit=5).stderr, str(foreign), "not an LMDB file")
equal(p.refit("gc", env={"REFIT_STORE": str(p.base / "none")}).stdout, f"no store yet at {p.base / 'none'}\n", "none")
equal((p.base / "none").exists(), False, "none is made")
for words in (("gc", "x"), ("gc", "--budget"), ("gc", "--budget", "-1")):
    p.refit(*words, exit=2)
if os.geteuid() != 0:
    store = p.path(".refit/store")
    for path in store.iterdir():
        path.chmod(0o400)
    store.chmod(0o500)
    contains(p.refit("gc", "--budget", "0", exit=5).stderr, str(".refit/store"), "Permission denied")
    equal(p.refit("gc", "-n", "--json", "--budget", "0").json["taken_records"], 1, "a dry run only reads")
    store.chmod(0o700)
    for path in store.iterdir():
        path.chmod(0o600)
equal(p.refit("gc", "--json", "--budget", "0").json["taken_records"], 1, "after all that")
