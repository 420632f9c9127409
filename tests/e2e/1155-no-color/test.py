"""NO_COLOR, of whatever value but an empty one, takes the colours out of a terminal; --color always wins over it."""
import os
import pty

from harness import REFIT, Project, equal

p = Project("stages: {s: {cmd: cp in.txt out.txt, deps: [in.txt], outs: [out.txt]}}\n")
p.write("in.txt", "1\n")
p.run(ran=1)


def colored(*words, **env):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(p.root)
        os.execve(REFIT, [REFIT, *words], {**p.environment, "TERM": "xterm", **env})
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(terminal)
    equal(os.waitpid(pid, 0)[1], 0, "exit status")
    return b"\x1b[3" in shown or b"\x1b[2m" in shown or b"\x1b[0;3" in shown


p.write("in.txt", "2\n")
equal(colored("status"), True, "colours in a terminal")
for value in ("1", "0", "no"):
    equal(colored("status", NO_COLOR=value), False, f"NO_COLOR={value}")
equal(colored("status", NO_COLOR=""), True, "an empty NO_COLOR")
equal(colored("status", "--color", "always", NO_COLOR="1"), True, "--color always")
equal(colored("status", "--color", "never"), False, "--color never")
equal("\x1b[" in p.refit("status").stdout, False, "colours in a pipe")
equal("\x1b[" in p.refit("status", "--color", "always").stdout, True, "--color always in a pipe")
