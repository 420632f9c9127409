"""An export carries what its stages read of data sets, so that a past build can be made again where it is imported."""
import random

from harness import Project, contains, equal, maker

p = Project("""
    data:
      table: {path: raw/table.csv}
      images: {path: raw/images}
      other: {path: raw/other.csv}
    stages:
      table: {cmd: sort raw/table.csv > table.txt, deps: [raw/table.csv], outs: [table.txt]}
      count: {cmd: wc -l < table.txt > count.txt, deps: [table.txt], outs: [count.txt]}
      images: {cmd: cat raw/images/* > images.txt, deps: [raw/images], outs: [images.txt]}
      other: {cmd: cat raw/other.csv plain.txt > other.txt, deps: [raw/other.csv, plain.txt], outs: [other.txt]}
""")
p.git("init", "-q", "-b", "main")
p.write(".gitignore", "/raw/\n/*.txt\n/*.refit\n")
big = random.Random(7).randbytes(200_000)
p.write("raw/table.csv", big)
p.write("raw/images/1", "one\n")
p.write("raw/images/deep/2", "two\n", executable=True)
p.write("raw/images/1 to all", "three\n")
p.remove("raw/images/deep")
p.write("raw/other.csv", "other\n")
p.write("plain.txt", "plain\n")
p.run(ran=4)
p.git("add", "-A")
p.git("commit", "-qm", "one")
sources = {name: p.bytes(f"raw/{name}") for name in ("table.csv", "images/1", "other.csv")}
p.write("raw/table.csv", "next\n")
p.write("raw/images/1", "next\n")
p.run(ran=3, fresh=1)
p.git("commit", "-qam", "two")

counts = p.refit("store", "export", "now.refit", "--json").json
equal((counts["records"], counts["sources"], counts["left_out"]), (4, 3, 0), "of refit.lock")
counts = p.refit("store", "export", "all.refit", "--all", "--json").json
equal((counts["records"], counts["sources"], counts["left_out"]), (7, 5, 0), "of the history, too")
counts = p.refit("store", "export", "part.refit", "table", "count", "--json").json
equal((counts["records"], counts["sources"]), (2, 1), "of some stages")
contains(p.refit("store", "export", "now.refit").stdout, "exported 4 records and 3 data sets with ")


def clone(name, export):
    """Without sources; its store has what was imported, and gc leaves it."""
    c = Project(base=p.base, name=name)
    p.git("clone", "-q", str(p.root), ".", cwd=c.root)
    c.environment["REFIT_STORE"] = str(p.base / f"{name}-store")
    c.refit("store", "import", str(p.path(export)))
    if name == "now":
        elsewhere = maker(10, p.sibling("elsewhere"))
        taken = elsewhere.refit("gc", "--json", env={"REFIT_STORE": c.environment["REFIT_STORE"]}).json["taken_chunks"]
        equal(taken, 0, "gc from elsewhere knows what the import published")
    p.git("tag", "old", "HEAD~1", cwd=c.root)  # to gc it is as much as what is checked out
    c.refit("gc", "--budget", "1G")
    return c


def reproduced(c, *words, exit=0):
    result = c.refit("reproduce", "--json", "--rerun", *words, exit=exit)
    return {e["stage"]: e["result"] for e in result.of("stage_reproduced")}, result.events[-1]


c = clone("now", "now.refit")
results, last = reproduced(c, "HEAD", "table", "count", "images")
equal(results, dict.fromkeys(["table", "count", "images"], "identical"), "from the sources")
results, last = reproduced(c, "HEAD~1", "table", exit=1)
equal(results["table"], "not reproducible", "the build before")
contains(c.refit("restore", "HEAD", "raw/table.csv").stdout, "1 restored")
equal(c.read("raw/table.csv"), "next\n", "a data set")

c = clone("all", "all.refit")
for revision in ("HEAD~1", "HEAD"):
    results, last = reproduced(c, revision, "table", "count", "images")
    equal(results, dict.fromkeys(["table", "count", "images"], "identical"), revision)
c.refit("restore", "HEAD~1", *(f"raw/{name}" for name in ("table.csv", "images", "other.csv")))
equal({name: c.bytes(f"raw/{name}") for name in sources}, sources, "as they were")

c = clone("part", "part.refit")
equal(reproduced(c, "HEAD", "table")[0], {"table": "identical"}, "of some stages")
contains(c.refit("restore", "HEAD", "raw/images", exit=5).stderr, "the store does not have raw/images")

# What gc took of older ones is no fault; what is damaged is left out, and said.
p.write("raw/table.csv", big)
p.run(fresh=2, restored=2)
p.git("commit", "-qam", "three")
p.refit("store", "export", "now.refit")
place = p.path(".refit/store/data.mdb")
data = bytearray(place.read_bytes())
at = data.find(big[100_000:100_064])
data[at] ^= 1
place.write_bytes(data)
result = p.refit("store", "export", "damaged.refit", "table", "--json", exit=5)
contains(result.stderr, "left out: what was read of raw/table.csv: chunk ", " is damaged")

# A refit.lock that cannot be read keeps nothing from being imported.
c.write("refit.lock", "<<<<<<< ours\n")
result = c.refit("store", "import", str(p.path("now.refit")))
contains(result.stdout, "imported ")
contains(result.stderr, "refit.lock:1:1: git left a merge conflict here", "gc does not know which data sets it names")
