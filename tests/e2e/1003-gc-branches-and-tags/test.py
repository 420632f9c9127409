"""Roots are those of every branch, local or remote-tracking, and every tag; without them they go."""
import shutil
import subprocess

from harness import equal, Project, skip

if not shutil.which("git"):
    skip("git is not installed")
p = Project("""\
    stages:
      make:
        cmd: head -c 100000 /dev/urandom > out.bin
        params: [n]
        outs: [out.bin]
    """)


def git(*words, cwd=None):
    return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=cwd or p.root, check=True,
                          env=p.environment, capture_output=True, text=True).stdout


def commit(n):
    p.write("params.yaml", f"n: {n}\n")
    p.refit("run")
    git("add", "-A")
    git("commit", "-qm", f"n {n}")


def taken(*words):
    result = p.refit("gc", "--json", "--budget", "0", *words)
    equal(result.stderr, "", "warnings")
    return result.json["taken_records"]


git("init", "-q", "-b", "main")
p.write(".gitignore", "out.bin\n")
commit(1)
git("branch", "one")
commit(2)
git("tag", "-a", "v2", "-m", "two")
commit(3)
git("tag", "v3")
commit(4)
git("update-ref", "refs/remotes/origin/four", "HEAD")
commit(5)  # no branch and no tag but main, which moves on
commit(6)
equal(taken(), 1, "records taken: that of 5")
for n, what in ((1, "one"), (2, "v2"), (3, "v3"), (4, "origin/four"), (6, "main")):
    git("checkout", "-q", what)
    p.refit("restore")
    equal(p.verdicts(), {"make": "fresh"}, f"after git checkout {what}")
git("checkout", "-q", "main")
p.write("params.yaml", "n: 6\n")
p.run(fresh=1)
git("branch", "-D", "one")
git("tag", "-d", "v2", "v3")
equal(taken("--dry-run"), 3, "records that would go with their branch and tags")
equal(taken(), 3, "records that went with their branch and tags")
# A linked worktree sees the same branches. Packed refs and objects are read too.
git("gc", "-q")
git("worktree", "add", "-q", "../tree", "origin/four")
tree = p.base / "tree"
p.refit("restore", cwd=tree, env={"REFIT_STORE": str(p.root / ".refit/store")})
equal(taken(), 0, "records taken after packing")
names = {w["path"]: w["refs"] for w in p.refit("gc", "--json").json["workspaces"]}
equal(names[str(p.root)], 3, "versions of refit.lock: the folder's, main's, origin/four's")
