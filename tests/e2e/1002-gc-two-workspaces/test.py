"""What either of two workspaces on one store relies on stays, whoever runs gc, from wherever."""
from harness import contains, equal, maker, makers_on_one_store, set_n

a, b = makers_on_one_store(1_000_000)


def use(p, n, **counts):
    set_n(p, n)
    p.run(**counts)


use(a, 1, ran=1)
use(a, 2, ran=1)
use(b, 3, ran=1)
use(b, 4, ran=1)
kept = a.bytes("out.bin"), b.bytes("out.bin")
result = a.refit("gc", "--json", "--budget", "0").json
equal((result["taken_records"], result["root_records"]), (2, 2), "records")
equal([(w["path"], w["state"], w["roots"]) for w in result["workspaces"]],
      [(str(b.root), "read", 1), (str(a.root), "read", 1)], "workspaces")
equal(result["over_budget"], True, "over the budget, which is told and is no error")
contains(a.refit("gc", "--budget", "0").stdout, "roots always stay")
# From a folder that is no project, with the store named.
outside = a.base / "outside"
outside.mkdir()
equal(b.refit("gc", "--json", "--budget", "0", cwd=outside).json["root_records"], 2, "roots")
for p, bytes in zip((a, b), kept):
    p.remove("out.bin")
    p.run(restored=1)
    equal(p.bytes("out.bin"), bytes, "the out")
# A workspace that changed its refit.lock by hand, or by git, has other roots now.
use(a, 5, ran=1)
before = a.read("refit.lock")
use(a, 6, ran=1)
a.write("refit.lock", before)
b.refit("gc", "--budget", "0")
use(a, 5, restored=1)
use(a, 6, ran=1)
# One that has only restored, and never run, is a workspace too.
c = maker(1_000_000, a.sibling("c"))
c.write("params.yaml", a.read("params.yaml"))
c.write("refit.lock", a.read("refit.lock"))
c.refit("restore")
kept = c.bytes("out.bin")
use(a, 7, ran=1)
equal(a.refit("gc", "--json", "--budget", "0").json["root_records"], 3, "roots")
c.remove("out.bin")
c.run(restored=1)
equal(c.bytes("out.bin"), kept, "the out")
