"""A damaged chunk of one file in a directory out: reported, dropped, and the directory is built again."""
import random

from harness import equal, expect, Project

p = Project("""\
    stages:
      make:
        cmd: mkdir -p out && cp noise.bin out/noise.bin && echo small > out/small.txt
        deps: [noise.bin]
        outs: [out]
    """)
noise = random.Random(3).randbytes(40_000)  # one chunk, which does not compress
p.write("noise.bin", noise)
p.run(ran=1)
data = p.bytes(".refit/store/data.mdb")
at = data.find(noise[20_000:20_100])
expect(at > 0, "the chunk is in the store as it is")
p.write(".refit/store/data.mdb", data[:at] + bytes(byte ^ 0xFF for byte in data[at:at + 100]) + data[at + 100:])
p.remove("out")
result = p.run(ran=1)
expect(result.warnings, "it is reported")
expect(p.bytes("out/noise.bin") == noise, "the right bytes")
p.remove("out")
p.run(restored=1)
expect(p.bytes("out/noise.bin") == noise, "the right bytes, from the store")
