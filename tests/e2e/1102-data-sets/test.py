"""What a run uses of a data set is in the store, gc leaves it, and past builds come back after the file has changed."""
import os
import random

from harness import Project, contains, equal, expect

MANIFEST = """
    data:
      table: {path: raw/table.csv}
      images: {path: raw/images}
      loose: {path: raw/loose.txt, snapshot: false}
    stages:
      table: {cmd: sort raw/table.csv > table.txt, deps: [raw/table.csv], outs: [table.txt]}
      images: {cmd: (echo made; cat raw/images/*) > images.txt, deps: [raw/images], outs: [images.txt]}
      loose: {cmd: (echo made; cat raw/loose.txt) > loose.txt, deps: [raw/loose.txt], outs: [loose.txt]}
"""
p = Project(MANIFEST)
p.git("init", "-q", "-b", "main")
p.write(".gitignore", "/raw/\n/*.txt\n")
big = random.Random(7).randbytes(3 << 20).hex()
p.write("raw/table.csv", f"b\na\n{big}\n")
p.write("raw/images/1", "one\n")
p.write("raw/images/2", "two\n", executable=True)
p.write("raw/loose.txt", "loose\n")
p.run(ran=3)
p.run(fresh=3)
p.git("add", "-A")
p.git("commit", "-qm", "one")
outs = {name: p.bytes(name) for name in ("table.txt", "images.txt", "loose.txt")}
sources = {name: p.bytes(f"raw/{name}") for name in ("table.csv", "images/1", "images/2")}

# A file that grows costs what it grew by.
before = p.store_stats()["compressed_bytes"]
p.write("raw/table.csv", p.bytes("raw/table.csv") + b"c\n" * 10)
p.write("raw/images/1", "another\n")
p.remove("raw/images/2")
p.write("raw/loose.txt", "changed\n")
p.run(ran=3)
p.git("commit", "-qam", "two")
grown = p.store_stats()["compressed_bytes"] - before
expect(grown < 2 * 1.3 * (1 << 20), f"the store grew by {grown} bytes")

p.write("raw/table.csv", "overwritten\n")
p.remove("raw/images")
p.refit("gc", "--budget", "0")


def reproduced(*words, exit=0):
    result = p.refit("reproduce", "--json", *words, exit=exit)
    last = result.events[-1]
    return {e["stage"]: e["result"] for e in result.of("stage_reproduced")}, last


p.git("branch", "one", "HEAD~1")
results, last = reproduced("HEAD", "table", "images", "--rerun")
equal(results, {"table": "identical", "images": "identical"}, "stages")

# What was a data set in name alone cannot be had back once it has changed, and that is said.
p.write("raw/loose.txt", "changed again\n")
results, last = reproduced("HEAD", "--rerun", exit=1)
equal(results["loose"], "not reproducible", "loose")
equal([entry["path"] for entry in last["lacking"]], ["raw/loose.txt"], "sources")

# Branches count: what they name stays, and what nothing names any more goes.
p = Project(MANIFEST, base=p.base, name="second")
p.git("init", "-q", "-b", "main")
p.write(".gitignore", "/raw/\n/*.txt\n")
for name, content in sources.items():
    p.write(f"raw/{name}", content)
p.path("raw/images/2").chmod(0o755)
p.write("raw/loose.txt", "loose\n")
p.run(ran=3)
p.git("add", "-A")
p.git("commit", "-qm", "one")
p.git("branch", "old")
for n in range(2):
    p.write("raw/table.csv", f"next {n}\n")
    p.write("raw/images/1", f"next {n}\n")
    p.run(fresh=1, ran=2)
    p.git("commit", "-qam", f"next {n}")
p.refit("gc", "--budget", "0")
results, last = reproduced("old", "--rerun")
equal(results, dict.fromkeys(["table", "images", "loose"], "identical"), "the branch")
for name, content in sources.items():
    with open(f"{last['folder']}/raw/{name}", "rb") as file:
        equal(file.read(), content, name)
expect(os.access(f"{last['folder']}/raw/images/2", os.X_OK), "modes")
for name, content in outs.items():
    with open(f"{last['folder']}/{name}", "rb") as file:
        equal(file.read(), content, name)

# One comes back into the tree if it is named.
p.write("raw/table.csv", "in the way\n")
contains(p.refit("restore", "old", "raw/table.csv", "raw/images").stdout, "2 restored")
equal({name: p.bytes(f"raw/{name}") for name in sources}, sources, "sources in the tree")
expect(p.grep("in the way") and all(name.startswith(".refit/rescue/") for name in p.grep("in the way")), "rescued")
contains(p.refit("restore", "HEAD~1", "raw/table.csv", exit=5).stderr, "the store does not have raw/table.csv")
result = p.refit("reproduce", "HEAD~1", "--rerun", exit=1)
contains(result.stderr, "raw/table.csv", "neither store nor workspace have that of HEAD~1")
contains(result.stdout, "table", "not reproducible", "raw/table.csv is not to be had back")

# One that is declared later is kept by the next run, although everything is fresh.
p.write("plain.csv", "plain\n")
p.manifest("stages: {s: {cmd: (echo made; cat plain.csv) > s.txt, deps: [plain.csv], outs: [s.txt]}}\n")
p.run(ran=1)
p.manifest("data: {plain: {path: plain.csv}}\n" + p.read("refit.yaml"))
p.run(fresh=1)
p.git("add", "-A")
p.git("rm", "-q", "--cached", "plain.csv")
p.git("commit", "-qm", "plain")
p.write("plain.csv", "overwritten\n")
equal(reproduced("HEAD", "--rerun")[0], {"s": "identical"}, "kept although fresh")

# A link to data outside: its content is kept and had back.
(p.base / "outside.csv").write_text("outside\n")
p.remove("plain.csv")
p.link("plain.csv", str(p.base / "outside.csv"))
p.run(ran=1)
p.git("add", "-A")
p.git("commit", "-qm", "link")
(p.base / "outside.csv").write_text("changed\n")
results, last = reproduced("HEAD", "--rerun")
equal(results, {"s": "identical"}, "through a link")
equal((p.base / "outside.csv").read_text(), "changed\n", "what the link leads to is as it was")

# What a stage makes is no data set; what is missing is told.
p.manifest("data: {x: {path: out}}\nstages: {s: {cmd: echo > out/x, outs: [out/x]}}\n")
contains(p.refit("run", exit=2).stderr, "refit.yaml:2:", "stage `s` makes `out/x`", "the data set `x`")
p.manifest("data: {x: {path: x.csv}}\nstages: {s: {cmd: cat x.csv, deps: [x.csv]}}\n")
contains(p.refit("run", exit=1).stdout, "x.csv does not exist", "the data set `x`, which has no `url`")
