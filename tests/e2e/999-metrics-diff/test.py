"""`refit metrics diff` gives old and new values, how much they changed and where to; `refit diff` gives what outs and
folders have in common. What gc took is said."""
import random

from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      measure:
        cmd: cp results.json metrics.json && cp -r pieces copied && cat pieces/* > joined.bin
        deps: [results.json, pieces]
        outs: [copied, joined.bin]
        metrics: [metrics.json]
    data:
      pieces: {path: pieces}
    """)
p.git("init", "-q", "-b", "main")
p.write(".gitignore", ".refit/\npieces/\ncopied/\njoined.bin\nmetrics.json\n")
content = random.Random(5).randbytes(3 << 20)


def build(name, results):
    p.write("results.json", results)
    p.refit("run")
    p.git("add", "-A")
    p.git("commit", "-q", "-m", name)
    p.git("tag", name)


def differences(*sides):
    return {metric["name"]: (metric["old"], metric["new"], metric["change"], metric["direction"])
            for metric in p.refit("metrics", "diff", *sides, "--json").json["metrics"]}


p.write("pieces/a.bin", content)
p.write("pieces/b.txt", "one\n")
p.write("pieces/c.txt", "one\n")
build("one", '{"acc": 0.5, "loss": {"train": 2, "test": 3}, "name": "x", "gone": true, "same": 1, "kind": 1}\n')
p.write("pieces/a.bin", content + b"more")
p.write("pieces/d.txt", "new\n")
p.remove("pieces/c.txt")
build("two", '{"acc": 0.75, "loss": {"train": 1.5, "test": 3}, "name": "y", "new": [1, 2], "same": 1, "kind": 1.0}\n')

expected = {"acc": (0.5, 0.75, 0.25, "up"), "loss.train": (2, 1.5, -0.5, "down"), "name": ("x", "y", None, None),
            "gone": (True, None, None, None), "new": (None, [1, 2], None, None), "kind": (1, 1.0, 0, None)}
equal(differences("one", "two"), expected, "of revisions")
equal(differences("-1", "last"), expected, "of runs")
equal(differences("one"), expected, "of the workspace")
equal(differences("two", "one")["acc"], (0.75, 0.5, -0.25, "down"), "backwards")
equal(differences(), {}, "HEAD and the workspace")
equal(p.refit("metrics", "diff").stdout, "no metric differs\n", "in words")
contains(p.refit("metrics", "diff", "one").stdout, "metrics.json  acc         0.5 → 0.75       +0.25 (up)\n",
         "gone        true → nothing\n", "loss.train  2 → 1.5          -0.5 (down)\n", "name        x → y\n",
         "new         nothing → [1,2]\n")
p.write("metrics.json", '{"acc": 1}\n')
equal(differences()["acc"], (0.75, 1, 0.25, "up"), "as the file is now")
p.write("metrics.json", '{"acc": \n')
contains(p.refit("metrics", "diff").stdout, "metrics.json  that of workspace cannot be read: ")
p.refit("restore")
contains(p.refit("metrics", "diff", "one", "two", "last", exit=2).stderr, "at most two arguments, not 3")

# What is shared, and the files of folders: of a data set, and of an out.
measure = p.refit("diff", "one", "two", "--json").json["stages"][0]
outs = {out["path"]: out for out in measure["outs"]}
size = len(content) + 4
equal(outs["joined.bin"]["new"]["size"], size + 8, "as one file")
expect(len(content) - (1 << 20) <= outs["joined.bin"]["shared_bytes"] <= len(content), "but for its last chunk")
expect(len(content) - (1 << 20) <= outs["copied"]["shared_bytes"] <= size + 4, "of a folder")
files = [("a.bin", "changed"), ("c.txt", "gone"), ("d.txt", "new")]
equal([(file["path"], file["change"]) for file in outs["copied"]["files"]], files, "in an out")
deps = {change["name"]: change for change in measure["changes"]}
equal([(file["path"], file["change"]) for file in deps["pieces"]["files"]], files, "in a data set")
text = p.refit("diff", "one", "two").stdout
contains(text, "  dep pieces changed\n    a.bin changed\n    no more c.txt\n    new d.txt\n",
         "  out joined.bin 3.0 MiB → 3.0 MiB, ",
         " MiB of it shared\n")

# gc has taken what the first commit's outs were, and history keeps the values.
p.git("tag", "-d", "one", "two")
old = p.git("rev-parse", "HEAD~1").strip()
p.git("checkout", "-q", "-b", "alone")
p.refit("gc", "--budget", "0")
p.git("update-ref", "refs/heads/old", old)
contains(p.refit("diff", "old", "last").stdout, "out joined.bin 3.0 MiB → 3.0 MiB, that of old is not in the store\n")
lost = p.refit("metrics", "diff", "old", "last", "--json").json["metrics"]
equal([(metric["path"], metric["name"]) for metric in lost], [("metrics.json", "")], "one line for the file")
contains(lost[0]["fault"], "that of old is not in the store", "refit reproduce")
contains(p.refit("metrics", "diff", "old").stdout, "metrics.json  that of old is not in the store")
equal(differences("-2", "last"), expected, "of runs, all the same; the last one is the restore")
