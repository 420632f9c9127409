"""Commands of a dvc.yaml run in the user's shell, kept from its files of settings, and know DVC's variables."""
from dvc import DvcProject
from harness import equal

p = DvcProject("stages: {a: {cmd: 'echo $DVC_ROOT $DVC_STAGE > a; cat /proc/$$/cmdline >> a', outs: [a]}}\n")
COMMAND = "echo $DVC_ROOT $DVC_STAGE > a; cat /proc/$$/cmdline >> a"


def shell(name, *options):
    path = p.write(f"bin/{name}", f'#!/bin/sh\nfor word; do last=$word; printf "%s\\n" "$word"; done > {p.root}/words\n'
                                  'exec /bin/sh -c "$last"\n', executable=True)
    p.remove("a")
    p.refit("run", "-B", env={"SHELL": str(path)})
    equal(p.read("words").splitlines(), [*options, "-c", COMMAND], f"words for {name}")
    equal(p.read("a").splitlines()[0].split("\0")[0], f"{p.root} a", "variables")


p.write("a")
shell("bash", "--noprofile", "--norc")
shell("zsh", "--no-rcs")
shell("fish", "--no-config")
shell("mksh")
for none in ("", None):
    p.refit("run", "-B", env={"SHELL": none})
    equal(p.read("a").splitlines()[1].split("\0")[:2], ["/bin/sh", "-c"], "without SHELL")
# Which shell it is counts as little as in DVC.
p.run(env={"SHELL": "/bin/bash"}, fresh=1)
p.refit("run", "-B", env={"DVC_ROOT": "/elsewhere"})
equal(p.read("a").split()[0], "/elsewhere", "a DVC_ROOT that is set")
# refit.yaml can say the same, for a stage and for all.
p.write("refit.yaml", "shell: $SHELL\nstages:\n  a: {cmd: 'echo $DVC_STAGE > b', outs: [b]}\n"
                      "  c: {cmd: 'echo $0 $DVC_STAGE > d', shell: /bin/sh, outs: [d]}\n")
p.run(ran=2)
equal((p.read("b"), p.read("d")), ("a\n", "/bin/sh\n"), "shell: $SHELL")
