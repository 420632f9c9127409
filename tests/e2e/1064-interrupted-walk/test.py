"""An interrupt while a hundred thousand files are looked at ends that at once, with 130, and nothing is lost by it."""
# tags: plain
import signal

from faults import room
from harness import contains, equal, has_open, Project, wait_until

FOLDERS, FILES = 400, 250
p = Project("""\
    stages:
      quick:
        cmd: echo quick > quick.txt
        outs: [quick.txt]
      look:
        cmd: ls many | wc -l > look.txt
        deps: [many, quick.txt]
        outs: [look.txt]
    """, base=room())
for folder in range(FOLDERS):
    path = p.path(f"many/{folder}")
    path.mkdir(parents=True)
    for file in range(FILES):
        (path / str(file)).write_bytes(b"")


def interrupt(*arguments):
    """Interrupt it when it lists a folder of them. It may be too fast: then again."""
    for _ in range(20):
        program = p.start(*arguments)
        wait_until(lambda: has_open(program.pid, "/many/") or program.process.poll() is not None, "a folder to be open")
        if program.process.poll() is None:
            program.signal(signal.SIGINT)
        result = program.wait(exit=None)
        if result.code == 130:
            return result
    raise AssertionError("never interrupted while it looked at them")


result = interrupt("run", "--json")  # before anything is known of them
equal(result.states["look"], "failed", "what became of it")
equal(p.exists("look.txt"), False, "its command began")
contains(interrupt("status").stderr, "interrupted")
p.run(ran=1, fresh=1)
equal(p.read("look.txt"), f"{FOLDERS}\n", "what it made")
p.write(f"many/{FOLDERS - 1}/0", "edited")
before = p.snapshot(".refit/rescue"), p.bytes("refit.lock")
interrupt("run", "-B", "look")
equal((p.snapshot(".refit/rescue"), p.bytes("refit.lock")), before, "what is left by an interrupted run")
equal(p.read("look.txt"), f"{FOLDERS}\n", "what was made before")
p.run(ran=1, fresh=1)
p.run(fresh=2)
