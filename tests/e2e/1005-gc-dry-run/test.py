"""`gc --dry-run` says what gc would do, and changes nothing: not a byte of the store, not a file."""
from harness import contains, equal, maker, set_n

p = maker(1_000_000)
contains(p.refit("gc").stdout, "no store yet")
equal(p.refit("gc", "--json").json["records"], 0, "records without a store")
equal(p.exists(".refit"), False, "gc makes no store")
for n in range(3):
    set_n(p, n)
    p.run(ran=1)
before = p.snapshot()
planned = p.refit("gc", "--json", "--dry-run", "--budget", "1.5M").json
contains(p.refit("gc", "-n", "--budget", "1.5M").stdout, "would drop 2 of 3 records")
after = p.snapshot()
equal({name: entry for name, entry in after.items() if b"lock.mdb" not in name},
      {name: entry for name, entry in before.items() if b"lock.mdb" not in name}, "files")
done = p.refit("gc", "--json", "--budget", "1.5M").json
for name in ("records", "taken_records", "chunks", "taken_chunks", "objects", "taken_objects", "root_records"):
    equal(planned[name], done[name], name)
equal(abs(planned["left_bytes"] - done["left_bytes"]) < 100_000, True, "an estimate that is near")
contains(p.refit("gc", "--help").stdout, "Usage: refit gc", "--budget", "refit gc --budget 10G")
contains(p.refit("completion", "bash").stdout, "gc")
