"""A command that needs no shell is started without one, and nobody can tell: its arguments, environment and folder, and
what is said when it cannot be started, are those of the shell."""
import json
import os
import shutil
import subprocess

from harness import REFIT, contains, equal, Project

SHOW = """\
#!/usr/bin/env python3
import json, os, sys
names = sorted(set(os.environ) - {"REFIT_STAGE", "_", "SHLVL", "LC_CTYPE"})
print(json.dumps([sys.argv[1:], os.getcwd(), {name: os.environ[name] for name in names}]))
"""
COMMANDS = {
    "words": "bin/show a  b=c %x x,y:z /@+ -- q",
    "found": "show a\t--level=3  -x",
    "missing": "no-such-program at all",
    "folder": "./bin a",
    "plain": "bin/plain 7",
    "closed": "bin/closed 7",
    "failing": "bin/failing 3",
    "assigned": "X=1 show a",
}


def project(end):
    p = Project("stages:\n" + "".join(
        f"  {name}: {{cmd: {json.dumps(command + end)}, wdir: sub, env: ['PATH=bin:/usr/bin:/bin']}}\n"
        for name, command in COMMANDS.items()))
    for name, text, mode in (("show", SHOW, 0o755), ("plain", "echo plain $0 $1 $PWD\n", 0o755),
                             ("closed", SHOW, 0o644), ("failing", "#!/bin/sh\nexit $1\n", 0o755)):
        p.write(f"sub/bin/{name}", text)
        p.path(f"sub/bin/{name}").chmod(mode)
    return p


def outcome(p):
    result = p.refit("run", "--json", "--keep-going", exit=1)
    logs = {name: p.read(f".refit/logs/{name}.log").replace(str(p.root), "ROOT").replace(str(p.base), "BASE")
            for name in COMMANDS}
    return logs, result.states, {name: result.reasons[name] for name in COMMANDS if result.states[name] == "failed"}


direct, shell = outcome(project("")), outcome(project(" ;"))
for name in COMMANDS:
    equal(direct[0][name], shell[0][name], f"what `{name}` printed")
equal(direct[1:], shell[1:], "what became of them")
contains(direct[0]["words"], '[["a", "b=c", "%x", "x,y:z", "/@+", "--", "q"], "ROOT/sub", {', '"PWD": "ROOT/sub"')
contains(direct[0]["missing"], "not found")
contains(direct[2]["missing"], "exit status 127")
contains(direct[2]["closed"], "exit status 126")
contains(direct[2]["failing"], "exit status 3")
contains(direct[0]["plain"], "plain bin/plain 7 ROOT/sub")

# Its folder, wherever that is.
p = Project("stages:\n" + "".join(f"  s{i}: {{cmd: ./show, wdir: {wdir}}}\n"
                                  for i, wdir in enumerate((".", "a/b"))))
for folder in ("", "a/b/"):
    p.write(folder + "show", "#!/bin/sh\n/usr/bin/printenv PWD; pwd\n")
    p.path(folder + "show").chmod(0o755)
p.refit("run")
for i, folder in enumerate((p.root, p.root / "a/b")):
    equal(p.read(f".refit/logs/s{i}.log"), f"{folder}\n" * 2, "PWD")

# A tool is asked in the project's folder, whatever PWD was.
p.manifest("tools: [/usr/bin/printenv PWD]\nstages:\n  s: {cmd: cp in.txt out.txt, deps: [in.txt], outs: [out.txt]}\n")
p.write("in.txt", "1")
p.run(ran=1)
p.run(env={"PWD": "/usr"}, fresh=1)

# And there is none: of two commands one needs a shell.
if shutil.which("strace"):
    p.manifest("stages:\n  a: {cmd: cp in.txt a.txt, outs: [a.txt]}\n  b: {cmd: cp in.txt b.txt;, outs: [b.txt]}\n")
    log = p.base / "strace"
    subprocess.run(["strace", "-f", "-q", "-e", "trace=execve", "-o", log, REFIT, "run"], cwd=p.root, check=True,
                   env={**os.environ, **p.environment, "ASAN_OPTIONS": "detect_leaks=0"}, capture_output=True)
    equal(log.read_text().count('execve("/bin/sh"'), 1, "shells")
