"""A process that a command detached on purpose (its own session) lives on, and holds up no later run."""
import os
import signal

from harness import expect, Project

p = Project("""\
    stages:
      serve:
        cmd: >-
          setsid sh -c 'echo $$ > daemon.pid; exec sleep 60' > /dev/null 2>&1 &
          while [ ! -s daemon.pid ]; do sleep 0.01; done; echo up > up.txt
        outs: [up.txt]
      other:
        cmd: cp up.txt other.txt
        deps: [up.txt]
        outs: [other.txt]
    """)
p.run("serve", ran=1)
pid = int(p.read("daemon.pid"))
try:
    p.run(fresh=1, ran=1)
    p.run(fresh=2)
    os.kill(pid, 0)
    with open(f"/proc/{pid}/stat") as stat:
        expect(stat.read().rpartition(")")[2].split()[0] != "Z", "it is alive")
finally:
    os.kill(pid, signal.SIGKILL)
