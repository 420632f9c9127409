"""gc, again and again, with no budget at all, beside two workspaces that run in a loop: each run is right."""
import random

from harness import equal, expect, Project

ROUNDS = 12
MANIFEST = """\
    stages:
      base:
        cmd: cat big.bin params.yaml > base.bin
        deps: [big.bin]
        params: [n]
        outs: [base.bin]
      tree:
        cmd: mkdir t && cp big.bin t/same && cp base.bin t/copy && echo made
        deps: [base.bin, big.bin]
        outs: [t]
    """
a = Project(MANIFEST)
a.environment["REFIT_STORE"] = str(a.base / "store")
b = a.sibling("b")
b.manifest(MANIFEST)
big = random.Random(8).randbytes(1_500_000)
for p in (a, b):
    p.write("big.bin", big)
chance = random.Random(1008)
taken = collections = 0
for i in range(ROUNDS):
    runs = []
    for p in (a, b):
        p.write("params.yaml", f"n: {chance.randrange(6)}\n")
        if chance.random() < 0.5 and p.exists("t"):
            p.remove("t")
        runs.append(p.start("run", "--json"))
    while any(run.process.poll() is None for run in runs):
        result = a.refit("gc", "--json", "--budget", "0").json
        taken += result["taken_records"]
        collections += 1
    for p, run in zip((a, b), runs):
        result = run.wait()
        equal(result.counts["failed"], 0, "failed stages")
        whole = big + p.bytes("params.yaml")
        equal((p.bytes("base.bin") == whole, p.bytes("t/copy") == whole, p.bytes("t/same") == big), (True,) * 3, "outs")
    a.refit("gc", "--json", "--budget", "0")
    a.refit("verify")
    for p in (a, b):  # what refit.lock names can be had back
        p.remove("base.bin", "t")
        p.refit("restore")
        expect(p.bytes("t/copy") == big + p.bytes("params.yaml"), "the restored out")
expect(collections >= ROUNDS, "gc ran beside the runs")
expect(taken > 0, "and took something")
