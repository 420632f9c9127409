"""Where a repository cannot be read for want of libgit2, gc says so in a line and takes nothing: nobody knows what its
branches name. Everything else works, and so does gc where there is no repository."""
import re

from harness import contains, equal, pipeline, REFIT

p = pipeline()
with open(REFIT, "rb") as program:
    name = re.search(rb"libgit2\.so\.[0-9.]+", program.read()).group().decode()
folder = p.base / "wrong"
folder.mkdir()
(folder / name).write_bytes(b"no library\n")
without = {"LD_LIBRARY_PATH": str(folder)}  # this one comes first
p.run(ran=3, env=without)
p.refit("gc", "--budget", "0", env=without)
p.git("init", "-q")
p.write(".gitignore", "work\nmodel.txt\nmetrics.json\n")
p.git("add", "-A")
p.git("commit", "-qm", "one")
p.git("checkout", "-qb", "another")
p.write("params.yaml", "split:\n  rows: 2\ntrain:\n  lr: 0.3\n")
p.run(ran=3, env=without)
for content in (b"", b"no library\n"):
    (folder / name).write_bytes(content)
    for arguments in (["--budget", "0"], ["--budget", "0", "--dry-run"]):
        result = p.refit("gc", *arguments, env=without, exit=5)
        contains(result.stderr, "refit: git repositories cannot be read", name, "install libgit2")
        equal(len(result.stderr.splitlines()), 1, "lines")
        equal(p.store_stats()["records"], 6, "records")
p.git("checkout", "-q", "-f", "HEAD", "--", "params.yaml")
p.run(restored=3, env=without)
p.refit("gc", "--budget", "0")
