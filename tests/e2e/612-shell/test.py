"""Commands run under /bin/sh, or the `shell` that the stage names; one that cannot be started fails its stage."""
import shutil

from harness import contains, equal, Project, skip

if not shutil.which("bash"):
    skip("no bash here")
p = Project("""\
    stages:
      a:
        cmd: x=(1 2 3); echo ${#x[@]} > a.txt
        shell: bash
        outs: [a.txt]
      b:
        cmd: echo b > b.txt
        shell: /nowhere/shell
        outs: [b.txt]
    """.replace("${", "\\${"))
result = p.run("-k0", ran=1, failed=1, exit=1)
equal(p.read("a.txt"), "3\n", "an array of bash")
contains(result.reasons["b"], "/nowhere/shell")
