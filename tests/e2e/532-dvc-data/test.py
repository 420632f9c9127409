"""A .dvc file is a source: its data is that of the workspace, or what DVC's cache has under its MD5, verified."""
from dvc import DvcProject, md5
from harness import contains, equal, expect

p = DvcProject("""\
stages:
  count: {cmd: cat data/x.csv data/tool > n.txt, deps: [data/x.csv, data/tool], outs: [n.txt]}
  list: {cmd: cat dir/sub/b dir/a > l.txt, deps: [dir/sub], outs: [l.txt]}
  old: {cmd: cat old.txt > o.txt, deps: [old.txt], outs: [o.txt]}
""")
p.data("data/x.csv", p.cache(b"1,2\n" * 200000))
p.data("data/tool", p.cache(b"#!/bin/sh\n"), "  isexec: true\n")
p.data("dir", p.cache_folder({"a": b"A", "sub/b": "é".encode(), "sub/empty": b""}))
p.data("unused", "0" * 32)
# Before 3.0: another place, and the MD5 of a text was that of the text with \n.
text = b"one\r\ntwo\r\n"
name = md5(text.replace(b"\r\n", b"\n"))
p.write(f".dvc/cache/{name[:2]}/{name[2:]}", text)
p.write("old.txt.dvc", f"outs:\n- md5: {name}\n  path: old.txt\n")
before = p.of_dvc()

equal(p.verdicts(), {"count": "would run", "list": "may run", "old": "would run", "data/x.csv.dvc": "would restore",
                     "data/tool.dvc": "would restore", "dir.dvc": "would restore", "old.txt.dvc": "would restore"},
      "what a run would do")
result = p.run(ran=3, restored=4)
equal(p.bytes("n.txt"), b"1,2\n" * 200000 + b"#!/bin/sh\n", "a file")
modes = [p.path(name).stat().st_mode & 0o100 for name in ("data/tool", "data/x.csv")]
equal(modes, [0o100, 0], "executable bits")
equal(p.bytes("l.txt"), "éA".encode(), "a folder")
equal(p.bytes("old.txt"), text, "a text as it was")
p.run(fresh=7)

# In the workspace it wins as it is.
p.write("data/x.csv", "edited\n")
equal(p.run(ran=1, fresh=6).started, ["count"], "stages that ran")
equal(p.read("data/x.csv"), "edited\n", "the edited file")

# `refit restore`, of one and of all.
p.remove("data/x.csv", "dir", "old.txt")
contains(p.refit("restore", "data/x.csv.dvc").stdout, "1 restored")
expect(p.exists("data/x.csv") and not p.exists("dir"), "what was named alone")
p.refit("restore", "dir/sub")
expect(p.exists("dir/sub/empty"), "what a path is in")
contains(p.refit("restore", exit=1).stderr, "unused: DVC's cache does not have 0000", "`dvc pull` fetches it")
p.remove("unused.dvc")
before = p.of_dvc()
p.refit("restore")
expect(p.exists("old.txt"), "all")

# What is not there, or not whole, is one line, and leaves nothing behind.
p.remove("dir", "l.txt")
cached = f"{md5(b'A')[:2]}/{md5(b'A')[2:]}"
p.path(f".dvc/cache/files/md5/{cached}").chmod(0o644)
p.write(f".dvc/cache/files/md5/{cached}", b"B")
result = p.refit("run", "--json", exit=1)
equal([result.states[name] for name in ("dir.dvc", "list")], ["failed", "skipped"], "states")
contains(result.reasons["dir.dvc"], "dir: .dvc/cache/files/md5/7f/", "damaged", "dvc pull")
p.remove(f".dvc/cache/files/md5/{cached}")
contains(p.refit("run", "--json", exit=1).reasons["dir.dvc"], "DVC's cache does not have " + md5(b"A"))
expect(not p.exists("dir"), "no part of a folder")
p.remove("data/x.csv")
p.path(".dvc/cache").rename(p.base / "elsewhere")
result = p.refit("run", "--json", "count", exit=1)
contains(result.reasons["data/x.csv.dvc"], "data/x.csv is missing", "dvc pull data/x.csv.dvc")

# The cache may be elsewhere; config.local wins.
p.write(".dvc/config", "['remote \"r\"']\n    dir = /nowhere\n[cache]\n    dir = /nowhere\n")
p.write(".dvc/config.local", "[cache] # here\n    type = symlink\n    dir = ../../elsewhere # not far\n")
before = p.of_dvc()
p.run("count", restored=1, fresh=2)
p.untouched(before)

# .dvc files that are none.
for text, message in (("outs: 1\n", "bad.dvc:1:1: this is no .dvc file"), ("", "bad.dvc:1:1: this is no .dvc file"),
                      ("outs:\n- path: a\n  md5: xyz\n", "bad.dvc:3:8: `md5` is not one"),
                      ("outs:\n- md5: x\n", "bad.dvc:2:3: an item of `outs` must be a map with a `path`"),
                      ("cmd: a\nouts:\n- path: a\n", "bad.dvc:1:6: commands in .dvc files"),
                      ("outs:\n- path: ../../a\n", "outside the project"),
                      ("outs:\n- path: n.txt\n", "n.txt")):
    p.write("bad.dvc", text)
    contains(p.refit("status", exit=2).stderr, message)
