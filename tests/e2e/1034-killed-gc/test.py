"""A collection that is killed at any call that changes a file, or cut off with the power, or meets an error: what
refit.lock names is whole, and the next collection does the rest."""
# tags: plain
import random
import shutil

from faults import KILLED, points_of, preload, REASONS, room, spread
from harness import equal, expect, Project

template = Project("""\
    stages:
      make:
        cmd: cat base.bin in.txt > out.bin; cp in.txt small.txt
        deps: [base.bin, in.txt]
        outs: [out.bin, small.txt]
    """, base=room(), name="template")
template.environment.update(preload())
for seed in range(4):
    template.write("base.bin", random.Random(seed).randbytes(400_000))
    template.write("in.txt", f"{seed}\n")
    template.run(ran=1)
made = template.bytes("out.bin")
GC = ("gc", "--budget", "1")


def copy(name):
    p = template.sibling(name)
    shutil.copytree(template.root, p.root, symlinks=True, dirs_exist_ok=True)
    return p


def check(p, what):
    try:
        p.refit("verify")
        p.refit(*GC)
        p.refit("verify")
        equal(p.store_stats()["records"], 1, "records")
        p.remove("out.bin", "small.txt")
        p.run(restored=1)
        equal(p.bytes("out.bin"), made, "the out")
        equal(sorted(path.name for path in p.path(".refit/store").iterdir() if "data" in path.name), ["data.mdb"],
              "data files of the store")
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from error
    shutil.rmtree(p.root)


clean = copy("clean")
_, points = points_of(clean, *GC)
names = [name for name, _ in points]
expect("rename-store" in names, f"it compacts: {names}")
written = [name for name, path in points[:names.index("rename-store")] if path.endswith(".compacted")]
equal(written[-1], "sync-store", "last of the copy before it is put in place")
equal(names[names.index("rename-store"):].count("sync-folder"), 1, "syncs of its folder after that")
check(clean, "undisturbed")

killed = 0
faults = [f"{kill} *#{n}" for n in spread(len(points), 25) for kill in ("kill", "kill-within")]
faults += [f"cut {name}#{n}" for name in ("commit-store", "sync-store", "rename-store", "sync-folder")
           for n in range(1, min(3, names.count(name)) + 1)]
for i, fault in enumerate(faults):
    p = copy(f"killed-{i}")
    killed += p.refit(*GC, exit=None, env=preload(fault, seed=i)).code == KILLED
    check(p, fault)
expect(killed >= len(faults) * 3 // 4, f"{killed} of {len(faults)} were killed")

met = 0
for i, n in enumerate(spread(len(points), 25)):
    for reason in ("ENOSPC", "EIO"):
        p = copy(f"failed-{reason}-{i}")
        fault = f"{reason} *#{n}"
        result, _ = points_of(p, *GC, fault=fault, exit=None)
        met += bool(result.fired)
        expect(result.code in (0, 5), f"{fault}: exit status {result.code}")
        if result.code == 5:
            expect(REASONS[reason] in result.stderr, f"{fault}: {result.stderr}")
            equal(len(result.stderr.splitlines()), 1, "lines of an error")
        elif result.fired:
            name, path = result.fired[0]
            harmless = name.endswith("-table") or path.endswith((".compacted", "in-use.lock"))
            expect(harmless, f"success in spite of {result.fired}")
        check(p, fault)
expect(met >= 30, f"{met} errors were met")
