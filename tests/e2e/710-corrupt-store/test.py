"""Bytes that do not match their digest are reported, dropped and built again, never served."""
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
noise = random.Random(3).randbytes(40_000)  # one chunk, which does not compress
p.write("noise.bin", noise)
p.run(ran=2)
data = p.bytes(".refit/store/data.mdb")
at = data.find(noise[20_000:20_100])
expect(at > 0, "the chunk is in the store as it is")
p.write(".refit/store/data.mdb", data[:at] + bytes(byte ^ 0xFF for byte in data[at:at + 100]) + data[at + 100:])
p.remove("out.bin", "other.txt")
result = p.run(ran=1, restored=1)
equal(result.started, ["make"], "built again")
expect(p.bytes("out.bin") == noise, "the right bytes")
expect(result.warnings + result.notes or result.start_reason("make"), "it is reported")
p.remove("out.bin")
p.run(restored=1, fresh=1)
expect(p.bytes("out.bin") == noise, "the right bytes, from the store")
