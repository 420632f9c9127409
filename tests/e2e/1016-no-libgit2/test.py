"""Without libgit2, gc says in a line that it cannot read the branches, and leaves what they name; all else works."""
import re

from harness import contains, equal, pipeline, REFIT

p = pipeline()
p.git("init", "-q")
with open(REFIT, "rb") as program:
    name = re.search(rb"libgit2\.so\.[0-9.]+", program.read()).group().decode()
folder = p.base / "wrong"
folder.mkdir()
without = {"LD_LIBRARY_PATH": str(folder)}  # a library of that name which is none comes first
for content in (b"", b"no library\n"):
    (folder / name).write_bytes(content)
    p.refit("run", env=without)
    p.git("add", "-A")
    p.git("commit", "-qm", "one")
    p.git("checkout", "-qb", f"another{len(content)}")
    p.write("data.txt", p.read("data.txt") + "six\n")
    p.refit("run", env=without)
    result = p.refit("gc", "--budget", "0", env=without)
    contains(result.stderr, "warning: ", "git repositories cannot be read", name, "what it has published stays")
    equal(len(result.stderr.splitlines()), 1, "lines")
    p.git("checkout", "-q", "-f", "HEAD")
    p.remove("work", "model.txt", "metrics.json")
    p.run(restored=3, env=without)
    p.write("data.txt", "other\n" + p.read("data.txt"))
p.refit("gc", "--budget", "0")
