"""Chunks, trees and logs that something that stays refers to stay with it; what only loose records had goes."""
import random

from harness import equal, expect, Project

p = Project("""\
    stages:
      many:
        cmd: mkdir d && cp base.bin d/base && cp base.bin d/more && cat params.yaml >> d/more && echo made
        deps: [base.bin]
        params: [n]
        outs: [d]
    """)
p.write("base.bin", random.Random(1).randbytes(3_000_000))
for n in range(4):
    p.write("params.yaml", f"n: {n}\n")
    p.run(ran=1)
before = p.snapshot("d", times=False)
result = p.refit("gc", "--json", "--budget", "0").json
equal((result["taken_records"], result["root_records"]), (3, 1), "records")
expect(0 < result["taken_chunks"] < 30, "what the records share is not taken")
p.refit("verify")
equal(p.refit("verify", "--json").events[-1]["loose_chunks"], 0, "loose chunks")
p.remove("d")
p.run(restored=1)
equal(p.snapshot("d", times=False), before, "the outs")
equal(p.refit("logs", "many").stdout, "made\n", "the log")
again = p.refit("gc", "--json", "--budget", "0").json
equal((again["taken_records"], again["taken_chunks"]), (0, 0), "a second gc takes nothing")
