"""`refit verify` reads everything: 0 if it is sound; damage is told with the stage and out that it concerns, exit 5."""
import random

from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      make:
        cmd: cp noise.bin out.bin
        deps: [noise.bin]
        outs: [out.bin]
      other:
        cmd: mkdir d && echo other > d/f
        outs: [d]
    """)
contains(p.refit("verify").stdout, "no store yet")
equal(p.refit("verify", "--json").events[-1]["faults"], 0, "faults without a store")
expect(not p.exists(".refit"), "a reader makes nothing")
noise = random.Random(5).randbytes(1_500_000)  # several chunks, which do not compress
p.write("noise.bin", noise)
p.run(ran=2)
before = p.snapshot()
contains(p.refit("verify").stdout, "no faults in 2 records")
data = p.bytes(".refit/store/data.mdb")
at = data.find(noise[20_000:20_100])
expect(at > 0, "the chunk is in the store as it is")
p.write(".refit/store/data.mdb", data[:at] + bytes(byte ^ 0xFF for byte in data[at:at + 100]) + data[at + 100:])
result = p.refit("verify", exit=5)
contains(result.stdout, "damaged", "chunk", "record", "of stage `make`", "out.bin", "3 faults", "--repair")
events = p.refit("verify", "--json", exit=5).events
equal([event.get("kind") for event in events], ["chunk", "object", "record", None], "kinds")
record = events[2]
equal((record["stage"], record["out"], record["repaired"]), ("make", "out.bin", False), "the record")
equal(events[-1]["event"], "verify_finished", "the last line")
equal((events[-1]["faults"], events[-1]["repaired"], events[-1]["records"]), (3, 0, 2), "counts")
p.write(".refit/store/data.mdb", data)
p.refit("verify")
after = p.snapshot(times=False)
changed = [name for name in after if before[name][:3] != after[name][:3] and b"lock.mdb" not in name]
equal(changed, [], "files that verifying changed")
