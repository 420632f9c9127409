"""`cache: false`: up to 64 MiB stored and restored as others; above that only the digest is kept."""
from harness import equal, expect, Project

p = Project("""\
    stages:
      small:
        cmd: cp in.txt small.txt
        deps: [in.txt]
        outs: [{small.txt: {cache: false}}]
      score:
        cmd: echo '{"a":1}' > metrics.json
        metrics: [{metrics.json: {cache: false}}]
      big:
        cmd: cat in.txt > big.bin; head -c 68000000 /dev/zero >> big.bin
        deps: [in.txt]
        outs: [{big.bin: {cache: false}}]
    """)
p.write("in.txt", "x\n")
p.run(ran=3)
expect(p.store_stats()["chunk_bytes"] < 1 << 20, "the big one is not stored")
p.run(fresh=3)
p.remove("small.txt", "metrics.json")
p.run(fresh=1, restored=2)
p.remove("big.bin")
equal(p.run(fresh=2, ran=1).started, ["big"], "without its bytes it has to run")
# With the right bytes on disk it is a hit, whoever put them there.
content = p.bytes("big.bin")
p.remove("big.bin", ".refit/state")
p.write("big.bin", content)
p.run(fresh=3)
p.write("in.txt", "y\n")
p.run(fresh=1, ran=2)
p.write("in.txt", "x\n")
equal(p.run(fresh=1, restored=1, ran=1).started, ["big"], "no hit without the bytes")
