"""Files of many chunks: stored, restored bit by bit, and shared in part."""
import random

from harness import equal, expect, Project

p = Project("""\
    stages:
      copy:
        cmd: cp in.bin out.bin
        deps: [in.bin]
        outs: [out.bin]
    """)
noise = random.Random(1).randbytes(12 << 20)
p.write("in.bin", noise)
p.run(ran=1)
first = p.store_stats()
expect(first["chunk_bytes"] >= len(noise), "all of it is stored")
p.remove("out.bin")
p.run(restored=1)
expect(p.bytes("out.bin") == noise, "the same bytes")
# A piece in the middle shifts the rest: only the chunks around it are new.
longer = noise[:5_000_000] + random.Random(2).randbytes(1000) + noise[5_000_000:]
p.write("in.bin", longer)
p.run(ran=1)
new = p.store_stats()["chunk_bytes"] - first["chunk_bytes"]
expect(0 < new <= 4 << 20, f"{new} new bytes")
p.remove("out.bin")
p.run(restored=1)
expect(p.bytes("out.bin") == longer, "the same bytes")
equal(p.run(fresh=1).started, [], "nothing to do")
