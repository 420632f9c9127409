"""-v shows the commands, and what they printed."""
from harness import contains, expect, Project

p = Project("""\
    stages:
      a:
        cmd:
          - echo one | tee a.txt
          - echo two >&2
        outs: [a.txt]
      b:
        cmd: exit 1
        shell: nosuchshell
    """)
contains(p.refit("-v", "a").stdout, "running   a", "$ echo one | tee a.txt\n", "$ echo two >&2\n", "ran       a",
         "    | one\n", "    | two\n", "log: .refit/logs/a.log", "1 ran")
shown = p.refit("-B", "a").stdout
expect("| one" not in shown and "$ echo" not in shown, "not without -v")
expect("| one" not in p.refit("-v", "-q", "-B", "a").stdout, "nor with -q")
contains(p.refit("b", exit=1).stdout,
         "failed    b          cannot start the shell nosuchshell: No such file or directory\n")
