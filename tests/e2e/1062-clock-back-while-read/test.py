"""A clock that is set back while a run reads makes an edit of that moment look old; the next run sees it."""
# tags: plain
import os
import signal
import time

from harness import equal, expect, has_open, Project, ROOT, wait_until

LIBRARY = ROOT / "build/clock.so"
LARGE = 2 << 30  # with holes for bytes: it takes no room, and some time to read
expect(LIBRARY.exists(), f"{LIBRARY} is not built: run ninja")


def jump(p, seconds):
    with open(p.base / "clock", "a") as file:
        file.write(f"{time.time():.6f} {seconds}\n")


p = Project("""\
    stages:
      first:
        cmd: cat params.yaml > first.txt
        params: [n]
        outs: [first.txt]
      large:
        cmd: wc -c < large.bin > size.txt
        deps: [large.bin, first.txt]
        outs: [size.txt]
    """)
p.environment |= {"LD_PRELOAD": str(LIBRARY), "REFIT_CLOCK": str(p.base / "clock")}
jump(p, 0)
p.write("params.yaml", "n: 1\n")
with open(p.path("large.bin"), "wb") as file:
    file.truncate(LARGE)
p.run(ran=2)


def last_line(result):
    return result.stdout.splitlines()[-1].split(" in ")[0]


def settle():
    time.sleep(2.1)
    p.refit("run")
    equal(last_line(p.refit("run")), "nothing to do: 2 fresh", "where all stands")


def edit_while_reading(edit):
    """All is fresh, and one thing has to be read: when all else was looked at, the clock is set back."""
    settle()
    os.utime(p.path("large.bin"))
    time.sleep(2.1)
    run = p.start("run")
    wait_until(lambda: has_open(run.pid, "large.bin"), "the large file to be read")
    run.signal(signal.SIGSTOP)
    expect(has_open(run.pid, "large.bin"), "it is still read")
    jump(p, -86400)
    time.sleep(0.02)
    edit()
    run.signal(signal.SIGCONT)
    equal(last_line(run.wait()), "nothing to do: 2 fresh", "the run that did not see it")


edit_while_reading(lambda: p.replace("refit.yaml", "wc -c", "wc  -c"))
equal(last_line(p.refit("run")), "done: 1 ran, 1 fresh", "after the manifest")
jump(p, 0)
edit_while_reading(lambda: p.write("params.yaml", "n: 2\n"))
equal(last_line(p.refit("run")), "done: 2 ran", "after the parameters")
jump(p, 0)
settle()
lock = p.read("refit.lock")
edit_while_reading(lambda: p.write("refit.lock", lock.replace("large.bin", "lagre.bin")))
p.refit("run")
equal(p.read("refit.lock"), lock, "refit.lock is put right")
