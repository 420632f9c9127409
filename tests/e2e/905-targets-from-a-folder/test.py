"""A path that is given in a folder is meant there: the same name at the root is another one."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      top:
        cmd: echo top > x.txt
        outs: [x.txt]
      below:
        cmd: echo below > sub/y.txt
        outs: [sub/y.txt]
    """)
p.write("sub/deep/.keep")
here = p.path("sub")
contains(p.refit("x.txt", exit=2, cwd=here).stderr, "`sub/x.txt`")
contains(p.refit("run", "-n", "y.txt", exit=2).stderr, "`y.txt`")
equal(p.refit("--json", "../x.txt", cwd=here).started, ["top"], "a path above")
equal(p.refit("--json", "y.txt", cwd=here).started, ["below"], "a path here")
equal(p.refit("--json", "-B", "below", cwd=p.path("sub/deep")).started, ["below"], "a name anywhere")

# A manifest elsewhere: paths are relative to where the command is typed, or to the manifest.
other = p.sibling("other")
equal(other.refit("-f", "../project/refit.yaml", "--json", "-B", "x.txt").started, ["top"], "from the manifest")
equal(other.refit("-f", "../project/refit.yaml", "--json", "-B", "../project/x.txt").started, ["top"], "from here")

# What -f names must be a manifest.
for name in (".", "nosuch.yaml", "/dev/null/x"):
    p.refit("-f", name, exit=2)
