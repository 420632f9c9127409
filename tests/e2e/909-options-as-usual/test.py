"""-C as make has it: each from where the one before it led to. Options may be cut short, before the command too."""
from harness import contains, equal, Project

p = Project()
p.write("a/b c/refit.yaml", "stages:\n  x:\n    cmd: echo\n")
top = str(p.root)
for arguments in (["-C", "a", "-C", "b c"], ["-C", "nowhere", "-C", f"{top}/a/b c"], ["--dir", "a/b c"],
                  ["--directory=a/b c"], ["--dir", "a", "--direc", "b c"]):
    equal(p.refit(*arguments, "status", "-a").stdout, "x  would run  it has neither deps nor outs\n"
          "1 stage: 1 would run\n", str(arguments))
contains(p.refit("-C", "a", "-C", "d", "status", exit=2).stderr, "-C a/d: No such file or directory")
contains(p.refit("--d", "a", "run", exit=2).stderr,
         "`--d` could be ", "--dry-run", "--directory", "write it in full")
equal(p.refit("version", "x", exit=2).stderr,
      "refit: `refit version` does not take `x`; usage: refit version\n", "usage")
contains(p.refit("init", "my project").stdout, "  cd 'my project'\n")
