"""An interrupt cuts a run short whatever it does: reading, storing, restoring; what finished before is kept."""
import itertools
import signal

from harness import contains, equal, expect, has_open, Project, wait_until

LARGE = 3 << 30  # bytes of nothing: long to read, and they take no room
signals = itertools.cycle((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))


def sparse(p, name, size=LARGE):
    with p.path(name).open("wb") as file:
        file.truncate(size)


def interrupt(p, *arguments, at, times=1):
    """Start the program, and interrupt it when it has a file of this name open. It may be too fast: then again."""
    for _ in range(20):
        program = p.start(*arguments)
        wait_until(lambda: has_open(program.pid, at) or program.process.poll() is not None, f"{at} to be open")
        for _ in range(times):
            if program.process.poll() is None:
                program.signal(next(signals))
        result = program.wait(exit=None)
        if result.code == 130:
            return result
    raise AssertionError(f"never interrupted while it had {at} open")


p = Project("""\
    stages:
      quick:
        cmd: echo quick > quick.txt
        outs: [quick.txt]
      reads:
        cmd: echo read > reads.txt
        deps: [quick.txt, large.bin]
        outs: [reads.txt]
    """)
sparse(p, "large.bin")
for arguments in (["run", "--json"], ["run", "-n", "--json"], ["status"], ["why", "reads"]):
    result = interrupt(p, *arguments, at="/large.bin")
    if arguments == ["run", "--json"]:
        equal(result.states["reads"], "failed", "what became of it")
        equal(result.reasons["reads"], "interrupted while its inputs and outs were read", "reason")
        expect(not p.exists("reads.txt"), "its command did not start")
        contains(p.read("refit.lock"), "quick.txt")
    else:
        contains(result.stderr, "refit: interrupted")
    if "--json" in arguments:
        equal(result.finished["exit"], 130, "exit in the last line")
sparse(p, "large.bin", 1000)
p.run(fresh=1, ran=1)

# An out that is stored has the grace period; then its attempt is put aside like any other.
p = Project("""\
    stages:
      quick:
        cmd: echo quick > quick.txt
        outs: [quick.txt]
      stores:
        cmd: cat quick.txt >> count; truncate -s "$(cat size)" out.bin
        deps: [quick.txt]
        outs: [out.bin]
    """)
p.write("size", str(LARGE))
for grace, times in (("0s", 1), ("1000s", 2)):
    p.write("refit.config.yaml", f"grace: {grace}\n")
    result = interrupt(p, "run", "--json", at="/out.bin", times=times)
    equal(result.reasons["stores"], "interrupted while its outs were stored", "reason")
    expect(not p.exists("out.bin"), "it is not in place")
    equal(p.path(".refit/attempts/stores/out.bin").stat().st_size, LARGE, "bytes of the attempt")
    contains(p.read("refit.lock"), "quick.txt")
    expect("out.bin" not in p.read("refit.lock"), "nothing is recorded of what was cut short")
p.write("size", str(1 << 30))
result = interrupt(p, "run", "--json", at="/out.bin")
equal(result.counts["ran"] + result.counts["fresh"], 2, "with time to end, what was made is stored")
p.write("refit.config.yaml", "")
p.run(fresh=2)

# Restoring leaves nothing half done behind.
p.remove("out.bin")
result = interrupt(p, "run", "--json", at=".refit/tmp/")
equal(result.reasons["stores"], "interrupted while its outs were restored", "reason")
expect(not p.exists("out.bin"), "it is not in place")
equal(list(p.path(".refit/tmp").glob("*")), [], "temporaries")
contains(interrupt(p, "restore", at=".refit/tmp/").stderr, "refit: interrupted")
equal((p.exists("out.bin"), list(p.path(".refit/tmp").glob("*"))), (False, []), "out, and temporaries")
p.run(fresh=1, restored=1)
equal(p.path("out.bin").stat().st_size, 1 << 30, "bytes")
