"""The history has the commit, its branch and whether tracked files differ from it, in every kind of repository; one
that cannot be read is told once, and fails no run."""
import hashlib
import os

from harness import contains, equal, expect, Project

MANIFEST = """\
    stages:
      make:
        cmd: cat in.txt > out.txt
        deps: [in.txt]
        metrics: [out.txt]
    """
turn = 0


def head(p, warnings=0, **environment):
    """Run something, and give what the history has of git."""
    global turn
    turn += 1
    p.write("params", f"{turn}\n")
    result = p.refit("run", "-B", "--json")
    equal(len(result.warnings), warnings, f"warnings: {result.warnings}")
    git = p.refit("history", "--json", "-n", "1").json["runs"][0]["git"]
    if warnings:
        git["warning"] = result.warnings[0]
    return git


def clean(git, p, branch="main"):
    equal((git["dirty"], git["diff"], git["fault"], git["branch"]), (False, "", "", branch), "a clean tree")
    equal(git["commit"], p.git("rev-parse", "HEAD").strip(), "the commit")


def commit(p, message="a change"):
    p.git("add", "-A")
    p.git("commit", "-q", "-m", message)


p = Project(MANIFEST, name="plain")
p.write("in.txt", "one\n")
equal(head(p)["commit"], "", "no repository")

# Before the first commit, then with one.
p.git("init", "-q", "-b", "main")
equal((head(p)["commit"], head(p)["dirty"]), ("", False), "nothing is staged yet")
p.git("add", "in.txt")
expect(head(p)["dirty"], "something is staged, and there is no commit")
p.write(".gitignore", "params\n")
commit(p, "first")
clean(head(p), p)

# What refit writes itself makes it no dirtier, nor does what git does not track.
p.write("notes.txt", "not tracked\n")
p.replace("in.txt", "one", "two")
p.git("commit", "-q", "-a", "-m", "second")
expect(p.git("status", "--porcelain", "-uno") == "", "git finds it clean")
clean(head(p), p)
expect("out.txt" in p.git("status", "--porcelain", "-uno"), "git tracks a metric, which has changed now")
clean(head(p), p)
p.write("in.txt", "three\n")
dirty = head(p)
expect(dirty["dirty"] and len(dirty["diff"]) == 32, "a changed file")
equal(head(p)["diff"], dirty["diff"], "the same difference has the same digest")
p.git("add", "in.txt")
equal(head(p)["dirty"], True, "a staged one")
p.write("in.txt", "four!\n")
expect(head(p)["diff"] not in ("", dirty["diff"]), "another one has another digest")
p.path("in.txt").chmod(0o755)
mode = head(p)["diff"]
p.path("in.txt").chmod(0o644)
expect(head(p)["diff"] != mode, "a mode counts")
p.git("checkout", "-q", "-f", "HEAD")
p.git("checkout", "-q", "--detach", "HEAD")
clean(head(p), p, branch="")
contains(p.refit("show").stdout, "commit", p.git("rev-parse", "HEAD").strip())
p.git("checkout", "-q", "-f", "main")
equal(len(p.refit("history", "--json", "--rev", p.git("rev-parse", "HEAD~1").strip()[:8]).json["runs"]), 1, "by commit")
equal(len(p.refit("history", "--json", "--rev", "HEAD~1").json["runs"]), 1, "by a commit's other name")
p.git("tag", "v1", "HEAD~1")
equal(len(p.refit("history", "--json", "--rev", "v1").json["runs"]), 1, "by tag")
contains(p.refit("history", "--rev", "nowhere", exit=2).stderr, "nowhere")
expect(len(p.refit("history", "--json", "--rev", "main").json["runs"]) > 3, "by branch")

# A worktree, a shallow clone, a folder of a repository, one that another user owns.
tree = p.sibling("tree")
p.git("worktree", "add", "-q", "-b", "other", "../tree", "HEAD")
clean(head(tree), tree, branch="other")
shallow = p.sibling("shallow")
p.git("clone", "-q", "--depth", "1", f"file://{p.root}", "../shallow")
clean(head(shallow), shallow)
if os.geteuid() == 0:
    for folder, folders, files in os.walk(shallow.path(".git")):
        for name in [folder, *(os.path.join(folder, name) for name in files)]:
            os.chown(name, 65534, 65534)
    os.chown(shallow.root, 65534, 65534)
    shallow.git("config", "--global", "--add", "safe.directory", str(shallow.root))  # git would refuse it; refit reads
    clean(head(shallow), shallow)

# A pointer of Git LFS, whose file has the content.
content = b"large content\n" * 1000
digest = hashlib.sha256(content).hexdigest()
p.write("big.bin", f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n")
commit(p)
clean(head(p), p)
p.write("big.bin", content)
clean(head(p), p)
p.write("big.bin", content[:-1] + b"!")
expect(head(p)["dirty"], "other content")

# One that cannot be read.
p.git("checkout", "-q", "-f", "HEAD")
p.write(".git/HEAD", "ref: refs/heads/main\n")
name = p.git("rev-parse", "HEAD^{tree}").strip()
tree_object = p.path(f".git/objects/{name[:2]}/{name[2:]}")
tree_object.chmod(0o644)
p.write(f".git/objects/{name[:2]}/{name[2:]}", "no object")
broken = head(p, warnings=1)
contains(broken["warning"], "git could not be read, so the history has no commit for this run: git: cannot read")
expect(broken["fault"].startswith("git: cannot read") and "\n" not in broken["fault"], "one line")
expect(head(p)["fault"] == broken["fault"], "it is said once")
contains(p.refit("show").stdout, "git: cannot read")
