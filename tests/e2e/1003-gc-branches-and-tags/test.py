"""Roots are those of every branch, local or remote-tracking, and every tag; without them they go."""
from harness import equal, maker, set_n

p = maker(100_000)


def commit(n):
    set_n(p, n)
    p.refit("run")
    p.git("add", "-A")
    p.git("commit", "-qm", f"n {n}")


def taken(*words):
    result = p.refit("gc", "--json", "--budget", "0", *words)
    equal(result.stderr, "", "warnings")
    return result.json["taken_records"]


p.git("init", "-q", "-b", "main")
p.write(".gitignore", "out.bin\n")
commit(1)
p.git("branch", "one")
commit(2)
p.git("tag", "-a", "v2", "-m", "two")
commit(3)
p.git("tag", "v3")
commit(4)
p.git("update-ref", "refs/remotes/origin/four", "HEAD")
commit(5)  # no branch and no tag but main, which moves on
commit(6)
equal(taken(), 1, "records taken: that of 5")
for n, what in ((1, "one"), (2, "v2"), (3, "v3"), (4, "origin/four"), (6, "main")):
    p.git("checkout", "-q", what)
    p.refit("restore")
    equal(p.verdicts(), {"make": "fresh"}, f"after git checkout {what}")
p.git("checkout", "-q", "main")
set_n(p, 6)
p.run(fresh=1)
p.git("branch", "-D", "one")
p.git("tag", "-d", "v2", "v3")
equal(taken("--dry-run"), 3, "records that would go with their branch and tags")
equal(taken(), 3, "records that went with their branch and tags")
# A linked worktree sees the same branches. Packed refs and objects are read too.
p.git("gc", "-q")
p.git("worktree", "add", "-q", "../tree", "origin/four")
tree = p.base / "tree"
p.refit("restore", cwd=tree, env={"REFIT_STORE": str(p.root / ".refit/store")})
equal(taken(), 0, "records taken after packing")
names = {w["path"]: w["refs"] for w in p.refit("gc", "--json").json["workspaces"]}
equal(names[str(p.root)], 3, "versions of refit.lock: the folder's, main's, origin/four's")
