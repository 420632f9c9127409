"""Who meets a store or state that was begun and not finished, while another makes it, waits and uses that one."""
import fcntl

from harness import equal, expect, Project, wait_until, waiting_in

MANIFEST = "stages:\n  a:\n    cmd: echo a > a.txt; echo x >> count\n    outs: [a.txt]\n"
other = Project(MANIFEST, name="other")
other.run(ran=1)
for what in ("store", "state"):
    p = Project(MANIFEST, name=f"half-made-{what}")
    p.write(f".refit/{what}/data.mdb", bytes(5000))  # two pages were to come
    with open(p.path(f".refit/{what}/data.mdb"), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        run = p.start("run", "--json")
        wait_until(lambda: any("flock" in place or "lock" in place for place in waiting_in(run.process.pid)),
                   "it waits for whoever makes it")
        expect(run.process.poll() is None, "it waits")
        file.write(other.bytes(f".refit/{what}/data.mdb"))
        file.flush()
    result = run.wait()
    equal(result.counts["restored" if what == "store" else "ran"], 1, f"what a run does with another's {what}")
    p.refit("verify")
    equal(p.read("a.txt"), "a\n", "the out")

# Many at once, each of which may be the one that makes it.
workspaces = [Project(MANIFEST, name=f"w{number}") for number in range(5)]
for begun in (None, b"", bytes(100), bytes(8192)):
    store = other.base / f"store-{'none' if begun is None else len(begun)}"
    if begun is not None:
        store.mkdir()
        (store / "data.mdb").write_bytes(begun)
    runs = [p.start("run", "-B", "--json", env={"REFIT_STORE": str(store)}) for p in workspaces]
    for run in runs:
        equal(run.wait().counts["ran"], 1, "stages that ran")
    workspaces[0].refit("verify", env={"REFIT_STORE": str(store)})
