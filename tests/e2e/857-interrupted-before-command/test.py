"""A Ctrl-C while room is made for outs: the command is not started any more."""
import os
import signal

from harness import equal, expect, Project, wait_until

p = Project("""\
    stages:
      train:
        cmd: echo began > began.txt; echo made > model.bin
        params: [lr]
        outs: [model.bin]
    """)
p.write("params.yaml", "lr: 1\n")
with p.path("model.bin").open("wb") as file:
    file.truncate(1 << 30)  # what was there before takes a moment to digest


def is_reading():
    links = [os.path.join(f"/proc/{run.pid}/fd", name) for name in os.listdir(f"/proc/{run.pid}/fd")]
    return any(os.path.lexists(link) and os.readlink(link).endswith("/model.bin") for link in links)


run = p.start("run", "--json")
wait_until(is_reading, "the out to be read")
run.signal(signal.SIGINT)
result = run.wait(exit=130)
expect(not p.exists("began.txt"), "the command did not start")
equal((result.started, result.states), ([], {"train": "failed"}), "started, and what became of it")
