"""In a terminal: what runs is shown as it runs, and the screen is left clean."""
import os
import pty
import subprocess

from harness import contains, expect, Project, REFIT

p = Project("""\
    stages:
      slow:
        cmd: until [ -e go ]; do sleep 0.02; done; echo x > x.txt
        outs: [x.txt]
    """)
main, other = pty.openpty()
process = subprocess.Popen([REFIT, "run"], cwd=p.root, env={**p.environment, "TERM": "xterm"}, stdin=subprocess.DEVNULL,
                           stdout=other, stderr=other, start_new_session=True)
os.close(other)
shown = b""


def read():
    try:
        return os.read(main, 65536)
    except OSError:  # the other end is closed
        return b""


while b"slow" not in shown:
    piece = read()
    expect(piece, f"the end before anything was shown: {shown}")
    shown += piece
p.write("go")
while piece := read():
    shown += piece
expect(process.wait() == 0, "exit")
contains(shown.decode(), "running", "slow", "ran", "1 ran")
expect(b"\x1b[?25l" not in shown or b"\x1b[?25h" in shown, "the cursor is shown again")
