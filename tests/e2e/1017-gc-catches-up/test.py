"""What a run records while gc has chosen what goes, and waits to take it, stays: with all that it relies on."""
# tags: plain
import shutil
import signal

from faults import KILLED, preload
from harness import contains, equal, expect, Project, wait_until, waiting_in

SIZE = 300_000


def project(word, base=None):
    """Its out is the same whatever the word, which is in the key."""
    manifest = f"""\
        stages:
          make:
            cmd: "yes '{word}' | true; cat in.bin > out.bin"
            deps: [in.bin]
            outs: [out.bin]
        """
    p = base.sibling(word) if base else Project()
    p.manifest(manifest)
    p.environment["REFIT_STORE"] = str((base or p).base / "store")
    return p


first = project("first")
first.write("in.bin", bytes(range(256)) * (SIZE // 256))
first.run(ran=1)
content = first.bytes("in.bin")
first.write("in.bin", b"something else")
first.run(ran=1)
shutil.rmtree(first.root)  # it keeps its last result; the one before goes, and with it the bytes of it
outside = first.sibling("outside")  # nothing for gc to publish: the first that it writes is what it takes
outside.environment["REFIT_STORE"] = first.environment["REFIT_STORE"]
equal(outside.refit("gc", "--json", "--dry-run", "--budget", "0").json["taken_records"], 1, "records that would go")

writer = project("writer", first)
writer.write("in.bin", content)
run = writer.start("run", env=preload("stop write-store, kill-after commit-store"))
stat = f"/proc/{run.process.pid}/stat"
wait_until(lambda: open(stat).read().rpartition(")")[2].split()[0] == "T", "the run is at its commit")
gc = outside.start("gc", "--json", "--budget", "0", "--no-compact")
wait_until(lambda: any("futex" in place for place in waiting_in(gc.process.pid)), "gc waits for the lock of writers")
expect(gc.process.poll() is None, "it has begun")
run.process.send_signal(signal.SIGCONT)
equal(run.wait(exit=None).code, KILLED, "the end of the run, when its record is there")
result = gc.wait().json
equal((result["records"], result["taken_records"]), (2, 1), "records that were there when gc chose, and that went")
contains(outside.refit("verify").stdout, "no faults in 2 records")
writer.remove("out.bin")
writer.run(restored=1)
expect(writer.bytes("out.bin") == content, "the out")
