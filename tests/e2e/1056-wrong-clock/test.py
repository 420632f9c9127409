"""A clock in 1970, in 2100, and one that jumps, also while a stage runs: nothing stale is called fresh, no duration is
negative, nothing waits for a time that never comes, and gc keeps what was used last."""
# tags: plain
import os
import time

from harness import equal, expect, pipeline, Project, ROOT

LIBRARY = ROOT / "build/clock.so"
YEAR = 365 * 86400
expect(LIBRARY.exists(), f"{LIBRARY} is not built: run ninja")


def with_clock(p):
    p.environment |= {"LD_PRELOAD": str(LIBRARY), "REFIT_CLOCK": str(p.base / "clock")}
    jump(p, 0)
    return p


def jump(p, seconds):
    """From now on the clock is ahead by so many seconds."""
    with open(p.base / "clock", "a") as file:
        file.write(f"{time.time():.6f} {seconds} 1\n")


def check_durations(result):
    for event in result.events:
        expect(0 <= event.get("duration_ms", 0) < 600_000, f"a duration that can be: {event}")


in_1970, in_2100, now = 86400 - int(time.time()), 74 * YEAR, 0
p = with_clock(pipeline())
check_durations(p.run(ran=3))
rows = 3
for ahead in (in_1970, in_2100, now, in_2100, in_1970, -3600, now):
    jump(p, ahead)
    check_durations(p.run(fresh=3))
    # Edits of the same size, one right after the other, the second with the time of the first.
    for _ in range(2):
        rows = 7 - rows
        before = p.path("params.yaml").stat()
        p.write("params.yaml", p.read("params.yaml").replace(f"rows: {7 - rows}", f"rows: {rows}"))
        os.utime(p.path("params.yaml"), ns=(before.st_atime_ns, before.st_mtime_ns))
        p.refit("run")
        equal(p.read("work/train.txt").count("\n"), rows, f"lines with the clock ahead by {ahead} s")
    p.write("data.txt", p.read("data.txt").replace("one", "ONE") if "one" in p.read("data.txt")
            else p.read("data.txt").replace("ONE", "one"))
    p.refit("run")
    equal(p.read("work/train.txt"), "".join(p.read("data.txt").splitlines(True)[:rows]), "what was made")
    p.remove("model.txt")
    p.run(fresh=2, restored=1)
p.refit("verify")
for when in ("1970-01-02", "2100-01-01"):  # files that say so themselves
    os.utime(p.path("data.txt"), (int(time.mktime(time.strptime(when, "%Y-%m-%d"))),) * 2)
    p.run(fresh=3)
    p.write("data.txt", p.read("data.txt")[::-1])
    os.utime(p.path("data.txt"), (int(time.mktime(time.strptime(when, "%Y-%m-%d"))),) * 2)
    p.refit("run")
    equal(p.read("work/train.txt"), "".join(p.read("data.txt").splitlines(True)[:rows]), "what was made")

# It jumps while a command runs, there and back.
p = with_clock(Project("""\
    stages:
      slow:
        cmd: echo $$ > pid; until [ -e go ]; do sleep 0.02; done; cat in.txt > out.txt
        deps: [in.txt]
        outs: [out.txt]
      found:
        cmd: "cat h.txt > f.txt; echo 'f.txt: h.txt' > f.d; echo $$ > pid2; until [ -e go2 ]; do sleep 0.02; done"
        depfile: f.d
        outs: [f.txt]
        needs: [slow]
    """))
p.write("in.txt", "one\n")
p.write("h.txt", "one\n")
for ahead in (in_1970, in_2100, now):
    for name in ("pid", "go", "pid2", "go2"):
        if p.exists(name):
            p.remove(name)
    p.write("go2")
    run = p.start("run", "-B", "--json", "slow")
    p.wait_pid("pid")
    jump(p, ahead)
    p.write("go")
    result = run.wait()
    check_durations(result)
    equal(result.counts["ran"], 1, "ran")
jump(p, now)
p.refit("run")
p.remove("pid2", "go2")
run = p.start("run", "-B", "--json", "--single", "found")
p.wait_pid("pid2")
jump(p, in_1970)
p.write("h.txt", "two\n")  # after it was read, with a time before that
p.write("go2")
result = run.wait(exit=1)
expect("the clock was set back" in result.reasons["found"], f"why it failed: {result.reasons}")
jump(p, now)
p.refit("run", "-B")
equal(p.read("f.txt"), "two\n", "f.txt")

# The last used stay, whatever the clock said when they were used.
p = with_clock(Project("""\
    stages:
      a:
        cmd: (cat in.txt; head -c 300000 /dev/urandom) > a.bin; cat in.txt >> count
        deps: [in.txt]
        outs: [a.bin]
    """))
for text, ahead in (("one\n", in_2100), ("two\n", now), ("three\n", in_1970), ("four\n", now)):
    jump(p, ahead)
    p.write("in.txt", text)
    p.run(ran=1)
p.refit("gc", "--budget", "700K")
for text, outcome in (("three\n", "restored"), ("one\n", "ran")):
    p.write("in.txt", text)
    p.run(**{outcome: 1})
