"""`store stats` says what the records of each stage hold, what of it no other has, and what was made where and when."""
import random
import time

from harness import contains, equal, expect, Project

SIZE = 400_000
MANIFEST = """\
    stages:
      copy:
        cmd: cp in.bin copy.bin
        deps: [in.bin]
        outs: [copy.bin]
      both:
        cmd: mkdir both && cp in.bin both/same && head -c 300000 /dev/urandom > both/own
        deps: [in.bin]
        params: [n]
        outs: [both]
      text:
        cmd: yes text | head -c 1000000 > text.txt
        outs: [text.txt]
    """
p = Project(MANIFEST)
none = p.refit("store", "stats", "--json").json
equal((none["records"], none["stages"], none["days"]), (0, [], []), "without a store")
p.write("in.bin", random.Random(13).randbytes(SIZE))
for n in range(3):
    p.write("params.yaml", f"n: {n}\n")
    p.run(**({"ran": 3} if n == 0 else {"ran": 1, "fresh": 2}))
stats = p.store_stats()
stages = {entry["stage"]: entry for entry in stats["stages"]}
equal(list(stages), ["both", "copy", "text"], "stages")
equal({name: entry["records"] for name, entry in stages.items()}, {"both": 3, "copy": 1, "text": 1}, "records")
equal(stages["copy"]["out_bytes"], SIZE, "outs of copy")
equal(stages["copy"]["content_bytes"], SIZE, "content of copy")
equal(stages["copy"]["own_bytes"], 0, "what only copy has")
equal(stages["both"]["out_bytes"], 3 * (SIZE + 300_000), "outs of both")
expect(900_000 < stages["both"]["own_bytes"] < 910_000, "what only both has: three files and their trees")
expect(SIZE + 900_000 < stages["both"]["compressed_bytes"] < SIZE + 910_000, "what both needs, each piece once")
expect(stages["text"]["compressed_bytes"] < 10_000 < stages["text"]["content_bytes"], "what compresses")
equal(sum(entry["records"] for entry in stages.values()), stats["records"], "all records")
contains(p.refit("store", "stats").stdout, "by stage:", "both", "3 records", "copy", "1 record", "0 bytes shared",
         "by day and workspace:", str(p.root), "5 records")
equal([(day["origin"].partition(":")[2], day["records"]) for day in stats["days"]], [(str(p.root), 5)], "days")
expect(stats["days"][0]["day"] in (time.strftime("%Y-%m-%d"), time.strftime("%Y-%m-%d", time.localtime(
    time.time() - 600))), "the day")
# What another project has made is of no stage here.
other = p.sibling("other")
other.environment["REFIT_STORE"] = str(p.path(".refit/store"))
other.manifest("stages:\n  x:\n    cmd: echo x > x.txt\n    outs: [x.txt]\n")
other.run(ran=1)
equal([entry["stage"] for entry in p.store_stats()["stages"]], ["both", "copy", "text", None], "stages")
contains(p.refit("store", "stats").stdout, "(of no stage in refit.lock)", "1 record", str(other.root))
# A refit.lock that cannot be read gives no names, and that is said.
p.write("refit.lock", "refit: 1\nstages: [\n")
result = p.refit("store", "stats", "--json")
contains(result.stderr, "refit: warning: refit.lock", "no record is of a stage that is known")
equal([group["stage"] for group in result.json["stages"]], [None], "stages")
