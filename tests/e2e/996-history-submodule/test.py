"""A submodule that differs makes its project's tree dirty; a project in a submodule has the submodule's commit."""
# tags: plain
# (libgit2 1.5 loses memory when it looks for submodules, which a sanitizer tells.)
import copy

from harness import equal, expect, Project

MANIFEST = """\
    stages:
      make:
        cmd: cat in.txt > out.txt
        deps: [in.txt]
        outs: [out.txt]
    """
turn = 0


def head(p):
    """Run something, and give what the history has of git."""
    global turn
    turn += 1
    p.write("params", f"{turn}\n")
    equal(p.refit("run", "-B", "--json").warnings, [], "warnings")
    return p.refit("history", "--json", "-n", "1").json["runs"][0]["git"]


def clean(git, p):
    commit = p.git("rev-parse", "HEAD").strip()
    equal(git, {"commit": commit, "branch": "main", "dirty": False, "diff": "", "fault": ""}, "a clean tree")


def commit(p):
    p.git("add", "-A")
    p.git("commit", "-q", "-m", "a change")


p = Project(MANIFEST, name="inner")
p.git("init", "-q", "-b", "main")
p.write(".gitignore", "params\n.refit\nout.txt\nrefit.lock\n")
for text in ("one\n", "two\n"):
    p.write("in.txt", text)
    commit(p)
outer = p.sibling("outer")
outer.git("init", "-q", "-b", "main")
outer.manifest(MANIFEST)
outer.write("in.txt", "outer\n")
outer.git("submodule", "--quiet", "add", str(p.root), "sub")
outer.write(".gitignore", "params\n")
commit(outer)
clean(head(outer), outer)
sub = copy.copy(outer)
sub.root = outer.path("sub")
clean(head(sub), sub)
sub.git("checkout", "-q", "-f", "HEAD")
clean(head(outer), outer)
sub.write("in.txt", "changed in the submodule\n")
inner = head(outer)
expect(inner["dirty"], "a submodule with changes")
sub.write("in.txt", "changed otherwise\n")
expect(head(outer)["diff"] != inner["diff"], "what is changed in it counts")
sub.git("checkout", "-q", "-f", "HEAD~1")
expect(head(outer)["dirty"], "a submodule at another commit")
sub.git("checkout", "-q", "-f", "main")
outer.git("submodule", "--quiet", "deinit", "-f", "sub")
clean(head(outer), outer)
