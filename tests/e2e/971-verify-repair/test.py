"""`refit verify --repair` takes out what is damaged and leaves what is intact; the next run makes it again."""
import random

from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      make:
        cmd: cp noise.bin out.bin
        deps: [noise.bin]
        outs: [out.bin]
      other:
        cmd: echo other > other.txt
        outs: [other.txt]
    """)
contains(p.refit("verify", "--repair").stdout, "no store yet")
expect(not p.exists(".refit/store"), "repairing makes no store")
noise = random.Random(6).randbytes(1_500_000)
p.write("noise.bin", noise)
p.run(ran=2)
data = p.bytes(".refit/store/data.mdb")
at = data.find(noise[20_000:20_100])
p.write(".refit/store/data.mdb", data[:at] + bytes(byte ^ 0xFF for byte in data[at:at + 100]) + data[at + 100:])
contains(p.refit("verify", "--repair", exit=5).stdout, "taken out", "chunk", "taken out", "record", "3 faults")
last = p.refit("verify", "--json").events[-1]
equal((last["faults"], last["records"]), (0, 1), "afterwards")
expect(last["loose_chunks"] > 0, "the other chunks of the file belong to no record")
p.remove("out.bin", "other.txt")
result = p.run(ran=1, restored=1)
equal(result.started, ["make"], "made again")
last = p.refit("verify", "--json").events[-1]
equal((last["faults"], last["records"], last["loose_chunks"]), (0, 2, 0), "made again")
