"""Two workspaces run at the same time on one store; each has the right bytes, and a third gets them all from it."""
# tags: tsan
from harness import equal, Project

COUNT = 40


def fill(p, prefix):
    stages = ["stages:"]
    for i in range(COUNT):
        stages += [f"  s{i}:", f"    cmd: echo {prefix if i % 2 else 'both'} {i} > o{i}.txt", f"    outs: [o{i}.txt]"]
    p.manifest("\n".join(stages) + "\n")
    return p


a = Project()
a.environment["REFIT_STORE"] = str(a.base / "store")
fill(a, "a")
b = fill(a.sibling("b"), "b")
runs = [p.start("run", "--json", "-j4") for p in (a, b)]
results = [run.wait() for run in runs]
for result in results:
    counts = result.counts
    equal(counts["ran"] + counts["restored"], COUNT, "stages done")
for p, prefix in ((a, "a"), (b, "b")):
    for i in range(COUNT):
        equal(p.read(f"o{i}.txt"), f"{prefix if i % 2 else 'both'} {i}\n", f"o{i}.txt")
c = fill(a.sibling("c"), "b")
c.run("-j4", restored=COUNT)
for i in range(COUNT):
    equal(c.bytes(f"o{i}.txt"), b.bytes(f"o{i}.txt"), f"o{i}.txt")
