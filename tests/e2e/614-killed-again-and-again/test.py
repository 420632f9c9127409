"""However often a run is killed, what it had recorded is whole, and the next one goes on from there."""
import hashlib
import signal

from harness import equal, expect, Project

COUNT = 60
p = Project("stages:\n" + "".join(f"""\
  s{i:02}:
    cmd: sleep 0.02; head -c 20000 /dev/urandom > s{i:02}.bin; sha256sum s{i:02}.bin > s{i:02}.sum
    outs: [s{i:02}.bin, s{i:02}.sum]
""" for i in range(COUNT)))
p.write("refit.config.yaml", "grace: 1s\n")
for last in range(5, COUNT - 9, 9):  # so that it cannot end before the signal
    run = p.start("run", "-j3", "--json")
    p.wait_for(f"s{last:02}.sum")
    run.signal(signal.SIGKILL)
    run.wait(exit=-signal.SIGKILL)
result = p.refit("run", "-j3", "--json")
counts = result.counts
equal((counts["failed"], counts["skipped"], sum(counts.values())), (0, 0, COUNT), "stages done")
p.run("-j3", fresh=COUNT)


def check(what):
    for i in range(COUNT):
        name, out = f"s{i:02}.bin", p.bytes(f"s{i:02}.bin")
        expect(len(out) == 20000, f"{name} {what}")
        equal(p.read(f"s{i:02}.sum"), f"{hashlib.sha256(out).hexdigest()}  {name}\n", f"{name} {what}")


check("after the last run")
for i in range(COUNT):
    p.remove(f"s{i:02}.bin", f"s{i:02}.sum")
p.run("-j3", restored=COUNT)
check("restored")
