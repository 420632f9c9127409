"""A stage of `console: true` has the terminal alone: what runs is off the screen, and comes back after it."""
import os
import pty
import subprocess

from harness import contains, equal, expect, Project, REFIT

p = Project("""\
    stages:
      slow:
        cmd: until [ -e go ]; do sleep 0.02; done; echo x > x.txt
        outs: [x.txt]
      wait:
        cmd: until [ -e ask ]; do sleep 0.02; done; echo y > y.txt
        outs: [y.txt]
      ask:
        cmd: echo BEGIN; until [ -e answer ]; do sleep 0.02; done; sleep 0.5; read name; printf "END $name"
        deps: [y.txt]
        console: true
    """)
main, other = pty.openpty()
process = subprocess.Popen([REFIT, "run", "-j3"], cwd=p.root, stdin=other, stdout=other, stderr=other,
                           env={**p.environment, "TERM": "xterm", "REFIT_JOBS": "3"}, start_new_session=True)
os.close(other)
shown = b""


def read():
    try:
        return os.read(main, 65536)
    except OSError:  # the other end is closed
        return b""


def read_until(word):
    global shown
    while word not in shown:
        piece = read()
        expect(piece, f"the end before {word} was shown: {shown}")
        shown += piece


read_until(b"waiting")
p.write("ask")
read_until(b"BEGIN")
p.write("answer")
os.write(main, b"Ada\n")
read_until(b"END")
p.write("go")
while piece := read():
    shown += piece
equal(process.wait(), 0, "exit")
text = shown.decode()
contains(text, "wait", "BEGIN", "END Ada", "slow", "3 ran")
before, _, rest = text.partition("BEGIN")
expect(before.endswith("\x1b[J") or before.endswith("\n"), f"the screen is cleared before the command: {before!r}")
between = rest.partition("END")[0]
expect("running" not in between and "\x1b[" not in between, f"nothing is drawn meanwhile: {between!r}")
