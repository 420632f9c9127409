"""A history that is damaged, or of another format, is told of, exit 5, and is never begun anew by itself."""
import random

from harness import contains, equal, expect, maker, set_n

p = maker(1000)
for n in range(5):
    set_n(p, n)
    p.run(ran=1)
whole = p.bytes(".refit/history/data.mdb")
ids = p.refit("history", "--names").stdout
equal(len(ids.split()), 5, "runs")

# A byte of each run that is kept.
p.write(".refit/history/data.mdb", whole.replace(b"run --json", b"run --jsoX"))
contains(p.refit("history", exit=5).stderr, "the history in .refit/history is damaged", "from a backup, or move")
contains(p.refit("show", exit=5).stderr, "the history in .refit/history is damaged")
expect(not p.exists(".refit/history/damaged.mdb"), "it stays where it is")
p.write(".refit/history/data.mdb", whole)
equal(p.refit("history", "--names").stdout, ids, "back again")

# No LMDB file at all; a run says so, and all else of it is durable.
p.write(".refit/history/data.mdb", b"this is no history" * 1000)
contains(p.refit("history", exit=5).stderr, "data.mdb is not an LMDB file", "move it away")
set_n(p, 7)
failed = p.refit("run", "--json", exit=5)
equal(failed.counts["ran"], 1, "the stage ran")
contains(failed.finished["error"], "data.mdb is not an LMDB file")
equal(p.bytes(".refit/history/data.mdb"), b"this is no history" * 1000, "it is as it was")
p.run(fresh=1)
p.write(".refit/history/data.mdb", whole)
set_n(p, 8)
p.run(ran=1)
equal(p.refit("history", "--names").stdout.split()[1:], ids.split(), "it goes on")

# Whatever is damaged, it is a sentence and 5, or nothing that was read.
chance = random.Random(3)
whole = p.bytes(".refit/history/data.mdb")
for _ in range(40):
    damaged = bytearray(whole)
    for _ in range(chance.choice((1, 8, 64))):
        damaged[chance.randrange(2 * 4096, len(damaged))] = chance.randrange(256)
    p.write(".refit/history/data.mdb", bytes(damaged))
    for words in (["history", "--json"], ["show", "--json"], ["history", "--metric", "x"]):
        result = p.start(*words).wait(exit=None)
        expect(result.code in (0, 2, 5), f"exit {result.code}: {result.stderr}")
        expect(result.code == 0 or result.stderr.startswith("refit: "), result.stderr)
