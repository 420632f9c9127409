"""`reproduce` on a full disk or killed at some point touches nothing of the user's; the next one has all of it back."""
# tags: plain
import os

from faults import KILLED, points_of, preload
from harness import Project, equal, expect

p = Project("data: {in: {path: in.txt}, dir: {path: raw}}\n"
            "stages: {a: {cmd: (echo a; cat in.txt raw/*) > a.txt, deps: [in.txt, raw], outs: [a.txt]},"
            " s: {cmd: 'mkdir d && (echo made; cat a.txt) > d/out.txt', deps: [a.txt], outs: [d]}}\n")
p.git("init", "-q", "-b", "main")
p.write(".gitignore", "/d\n/a.txt\n/in.txt\n/raw\n")
p.write("in.txt", "one\n")
p.write("raw/x", "x\n")
p.write("code/x.py", "pass\n")
p.run(ran=2)
p.git("add", "-A")
p.git("commit", "-qm", "one")
made = p.bytes("d/out.txt")
p.write("in.txt", "two\n")
p.remove("raw")
tree = {name: entry for name, entry in p.snapshot().items() if not name.startswith(b".refit")}


def whole(words, what):
    last = p.refit("reproduce", "HEAD", "--json", *words).events[-1]
    equal(last["identical"], True, f"all of it after {what}")
    equal((p.path(last["folder"]) / "d/out.txt").read_bytes(), made, f"d/out.txt after {what}")


for words in ([], ["--rerun"]):
    p.refit("reproduce", "HEAD", *words)
    _, points = points_of(p, "reproduce", "HEAD", *words)
    step = 1 if os.environ.get("REFIT_FAULT_EVERY") else 9
    for n in range(1, len(points) + 1, step):
        name = points[n - 1][0]
        for fault in (f"kill *#{n}", f"ENOSPC *#{n}+"):
            result = p.refit("reproduce", "HEAD", *words, exit=None, env=preload(fault))
            what = f"{fault} ({name}) {words}"
            wanted = (KILLED,) if fault.startswith("kill") else (0, 1, 5)
            expect(result.code in wanted, f"exit {result.code} after {what}")
            expect(result.code != 5 or result.stderr.count("\n") == 1, f"one line after {what}: {result.stderr}")
            now = {name: entry for name, entry in p.snapshot().items() if not name.startswith(b".refit")}
            equal(now, tree, f"the tree after {what}")
        whole(words, what)
equal(p.refit("verify", "--json").events[-1]["faults"], 0, "the store")
