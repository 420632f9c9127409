"""Damaged bytes that cannot be taken out of the store end the run, once and with exit 5: the store is at fault, not the
stage. The next run makes them again."""
# tags: plain
import random

from faults import preload
from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      make:
        cmd: cp noise.bin out.bin
        deps: [noise.bin]
        outs: [out.bin]
    """)
noise = random.Random(3).randbytes(40_000)  # one chunk, which does not compress
p.write("noise.bin", noise)
p.run(ran=1)
data = p.bytes(".refit/store/data.mdb")
at = data.find(noise[20_000:20_100])
p.write(".refit/store/data.mdb", data[:at] + bytes(byte ^ 0xFF for byte in data[at:at + 100]) + data[at + 100:])
p.remove("out.bin")
result = p.refit("run", exit=5, env=preload("EIO write-store#1+"))
contains(result.text, "is damaged in the store in .refit/store, and it cannot be taken out")
expect("warning" not in result.text, "it is not tried again")
expect(not p.exists("out.bin"), "no out")
equal(p.run(ran=1).started, ["make"], "made again")
expect(p.bytes("out.bin") == noise, "the right bytes")
