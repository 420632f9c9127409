"""Kills and errors at chosen calls of refit: the library build/faults.so, and a project in which everything happens.

tests/README.md says how points are named. REFIT_FAULT_EVERY=1 makes the sweeps take every point instead of some.
"""
import atexit
import os
import random
import re
import shutil
import signal
import tempfile
import time
from pathlib import Path

from harness import equal, expect, Project, REFIT, remove_all, ROOT, skip

LIBRARY = ROOT / "build/faults.so"
KILLED = -signal.SIGKILL
MEMORY = "/dev/shm"
SETTLED_S = 2.1  # files that changed less than 2 s before they were hashed are hashed again

if not LIBRARY.exists():
    skip("build/faults.so is not built")
with open(REFIT, "rb") as program:
    if b"__asan_init" in program.read():
        skip("sanitizers do not go together with a preloaded library")


def preload(fault=None, log=None, seed=None, times=None, since=None, remote=None):
    """The environment that puts the library between refit and libc. What is synced matters to a power cut alone: that
    one syncs all the same."""
    settings = {"REFIT_FAULT_SYNC": "no", "REFIT_FAULT": fault, "REFIT_FAULT_LOG": log, "REFIT_FAULT_SEED": seed,
                "REFIT_FAULT_TIMES": times, "REFIT_FAULT_SINCE": since,
                "REFIT_FAULT_REMOTE": remote}
    return {"LD_PRELOAD": str(LIBRARY), **{name: str(value) for name, value in settings.items() if value is not None}}


def points_of(project, *arguments, exit=0, fault=None, **settings):
    """Run refit to its end, and give the result and the points that it passed, as (name, path), in order."""
    log = project.base / f"{project.root.name}.points"
    log.unlink(missing_ok=True)
    result = project.refit(*arguments, exit=exit, env=preload(fault, log=log, **settings))
    lines = os.fsdecode(log.read_bytes()).splitlines() if log.exists() else []
    result.fired = [line[2:].split(" ", 1) for line in lines if line.startswith("! ")]
    return result, [tuple(line.removeprefix("! ").split(" ", 1)) for line in lines]


def writes(points):
    """Points that change what lasts. The lock of a workspace and LMDB's tables of readers are written by every run;
    making what is there already changes nothing."""
    return [name for name, path in points
            if name.split("-")[0] not in ("mkdir", "make", "reserve") and not path.endswith(".refit/lock")]


# A project at rest between two states, so that one run restores, executes, rescues, and writes refit.lock and state.
# No command may end well once one of its writes has failed.

MANIFEST = """\
    stages:
      split:
        cmd: mkdir -p work && head -n 2 in.txt > work/a && tail -n +3 in.txt > work/b
        deps: [in.txt]
        outs: [work/a, work/b]
      large:
        cmd: cat base.bin in.txt > large.bin
        deps: [base.bin, in.txt]
        outs: [large.bin]
      tree:
        cmd:
          - mkdir -p tree/empty tree/sub && cp new.txt tree/sub/x
          - cp new.txt tree/run && chmod +x tree/run && ln -s run tree/to
        deps: [new.txt]
        outs: [tree]
      keep:
        cmd: cat in.txt new.txt > keep.txt && echo kept
        deps: [in.txt, new.txt]
        outs:
          - keep.txt: {persist: true}
      mine:
        cmd: cat work/a new.txt > mine.txt
        deps: [work/a, new.txt]
        outs: [mine.txt]
      again:
        cmd: cp new.txt again.txt && { [ -e .refit/tried ] || { touch .refit/tried; false; }; }
        deps: [new.txt]
        outs: [again.txt]
        retries: 1
      found:
        cmd: 'cp new.txt found.txt && echo "found.txt: base.bin" > found.d'
        deps: [new.txt]
        outs: [found.txt]
        depfile: found.d
      use:
        cmd: sleep 0.01; cat work/b mine.txt large.bin keep.txt | cksum > use.txt
        deps: [work/b, mine.txt, large.bin, keep.txt]
        outs: [use.txt]
      look:
        cmd: ls
        deps: [.]
    """
STAGES = 9
OUTS = ("work", "large.bin", "tree", "keep.txt", "mine.txt", "again.txt", "found.txt", "use.txt", "refit.lock")
HANDWORK = "ten days of handwork\n"


def room():
    """A folder that no disk slows down, where memory has room for many copies; None: anywhere."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < 2 << 30:
        return None
    token = os.environ.get("REFIT_TEST_TOKEN", "")  # by which tests/run.py finds it when the test was killed
    folder = Path(tempfile.mkdtemp(prefix=f"refit-e2e-{token}-", dir=MEMORY))
    atexit.register(remove_all, folder)
    return folder


class Rest:
    """The project at rest, of which each fault gets a copy."""

    def __init__(self, size=1_500_000):
        self.template = Project(MANIFEST, base=room(), name="template")
        self.count = 0
        p = self.template
        p.environment.update(preload())
        p.write("refit.config.yaml", "grace: 1s\njobs: 2\n")
        p.write("base.bin", random.Random(1).randbytes(size))
        for text in ("one\ntwo\nthree\nfour\n", "1\n2\n3\n4\n5\n"):
            p.write("in.txt", text)
            p.write("new.txt", "old\n")
            p.refit("run")
        p.write("in.txt", "one\ntwo\nthree\nfour\n")
        p.write("new.txt", "newer\n")
        p.write("mine.txt", HANDWORK)
        p.remove(".refit/tried")
        self.clean = clean = self.copy()
        result, self.points = points_of(clean, "run", "--json")
        equal(result.counts, {"fresh": 0, "restored": 2, "ran": 7, "failed": 0, "blocked": 0, "skipped": 0},
              "an undisturbed run")
        self.outs = outs_of(clean)
        self.check_rescued(clean)

    def copy(self, of=None):
        self.count += 1
        copy = self.template.sibling(f"copy-{self.count}")
        shutil.copytree((of or self.template).root, copy.root, symlinks=True, dirs_exist_ok=True)
        return copy

    def check_rescued(self, p):
        expect([name for name in p.grep(HANDWORK) if name == "mine.txt" or name.startswith(".refit/rescue/")],
               "the handwork is lost")

    def check(self, p, exit=0):
        """What holds after any fault: the store is sound, nothing is lost, the next run does what is left."""
        p.refit("verify")
        self.check_rescued(p)
        result = p.refit("run", "--json")
        self.check_rescued(p)
        expect(p.bytes("mine.txt") != HANDWORK.encode(), "mine.txt was made")
        equal(outs_of(p), self.outs, "the outs")
        self.check_stored(p)
        return result

    def check_lock(self, p):
        """refit.lock names nothing that the store does not have."""
        other = self.copy(p)
        other.refit("restore")
        shutil.rmtree(other.root)

    def check_stored(self, p):
        """The store has all that refit.lock names."""
        p.remove(*OUTS[:-1])
        p.refit("restore")
        equal(outs_of(p), self.outs, "the outs as refit.lock has them")

    def check_settled(self, copies):
        """Later runs find everything fresh, and the last of them writes nothing."""
        time.sleep(SETTLED_S)
        for p in copies:
            p.run(fresh=STAGES)
            result, points = points_of(p, "run", "--json")
            equal(result.counts["fresh"], STAGES, "fresh stages")
            equal(writes(points), [], "what a run with nothing to do writes")
            expect(not p.exists(".refit/tmp") or not os.listdir(p.path(".refit/tmp")), "nothing half made is left")
            shutil.rmtree(p.root)


def outs_of(p):
    """What was made, by path; not its times."""
    return {path: entry for path, entry in p.snapshot(times=False).items()
            if path.split(b"/")[0].decode() in OUTS}


def spread(count, wanted):
    """`wanted` of the numbers from 1 to `count`, evenly; all of them with REFIT_FAULT_EVERY."""
    if os.environ.get("REFIT_FAULT_EVERY") or wanted >= count:
        return list(range(1, count + 1))
    return sorted({1 + i * (count - 1) // (wanted - 1) for i in range(wanted)})


def kill_each(rest, faults, start=("run",)):
    """Run a copy into each of the faults, and check what comes after. Returns how many were killed."""
    copies, killed = [], 0
    for fault in faults:
        p = rest.copy()
        run = p.start(*start, env=preload(fault))
        try:
            code = run.wait(exit=None).code
            expect(code in (0, KILLED), f"exit status {code}")
            killed += code == KILLED
            rest.check(p)
        except AssertionError as error:
            raise AssertionError(f"{fault}: {error}") from error
        copies.append(p)
    rest.check_settled(copies)
    return killed


HARMLESS = ("table", "workspace")  # LMDB makes do; what is noted for the run after a kill is not needed
READING = ("open-", "read-", "list-")  # an out that cannot be read is taken for another, and made or restored
REASONS = {"ENOSPC": "No space left on device", "EIO": "Input/output error", "EROFS": "Read-only file system",
           "EDQUOT": "Disk quota exceeded"}
RETRIED = re.compile(r"note: `[^`]+`: .*; attempt \d+ of \d+")


def fail_each(rest, faults):
    """Run a copy into each of the faults: it says what failed, where, in a line, and records nothing that is not
    there; once the fault is over the next run does what is left. Returns how many faults were met."""
    met = 0
    for fault in faults:
        p = rest.copy()
        try:
            result, _ = points_of(p, "run", fault=fault, exit=None)
            *before, last = fault.split(", ")  # those before it only lead there
            if len(result.fired) > len(before):
                met += 1
                check_failure(result, REASONS[last.split()[0]])
            rest.check_lock(p)
            rest.check(p)
        except AssertionError as error:
            raise AssertionError(f"{fault}: {error}") from error
        shutil.rmtree(p.root)
    return met


def check_failure(result, reason):
    lines = result.stderr.splitlines()
    unread = any(path.endswith("refit.yaml") for _, path in result.fired)
    expect(result.code in (0, 1, 2 if unread else 5), f"exit status {result.code}")
    if result.code == 0:
        harmless = all(name.split("-")[1] in HARMLESS or name.startswith(READING) for name, _ in result.fired)
        expect(harmless, f"success in spite of {result.fired}")
        return
    # LMDB calls a write that was cut short an input/output error.
    reasons = (reason, "no quota is used up") if reason == REASONS["EDQUOT"] else (reason,)
    said = [line for line in result.text.splitlines() if any(words in line for words in reasons)]
    expect(said, f"{reason} is said for {result.fired}")
    if result.code != 1:
        equal([line for line in lines if line.startswith("refit: ")], lines[-1:], "lines of an error")
        expect(lines[-1] in said, f"the error is that of {result.fired}")
    else:
        # A command that cannot be started fails an attempt; the one after it may fail for another reason.
        told = [line for line in said
                if line.startswith(("failed ", "warning: ")) or RETRIED.fullmatch(line)]
        expect(told, "it is told with the stage")
