"""`refit gc --budget` drops the least recently used first: made or restored long ago goes, restored lately stays."""
from harness import contains, equal, expect, maker, set_n

MIB = 1 << 20
p = maker(2_000_000)


def use(n, **counts):
    set_n(p, n)
    return p.run(**counts)


for n in range(1, 6):
    use(n, ran=1)
use(2, restored=1)
use(1, restored=1)  # the order of use is now 3 4 5 2 1, and 1 is a root
result = p.refit("gc", "--json", "--budget", "5M").json
equal((result["records"], result["taken_records"], result["root_records"]), (5, 3, 1), "records there, taken, roots")
expect(result["left_bytes"] <= 5 * MIB, "within the budget")
expect(not result["over_budget"], "not over it")
expect(result["file_bytes"] == p.path(".refit/store/data.mdb").stat().st_size <= 5 * MIB, "the file has shrunk")
contains(p.refit("verify").stdout, "no faults in 2 records")
use(2, restored=1)
use(1, restored=1)
for n in (3, 4, 5):
    use(n, ran=1)
# Without a budget nothing goes but what nothing refers to; what has gone once is not gone twice.
equal(p.refit("gc", "--json").json["taken_records"], 0, "records taken without a budget")
# The budget may come from the configuration.
p.write("refit.config.yaml", "store:\n  budget: 5M\n")
equal(p.refit("gc", "--json").json["taken_records"], 3, "records taken by the budget of the configuration")
p.write("refit.config.yaml", "store: {budget: much}\n")
contains(p.refit("gc", exit=2).stderr, "refit.config.yaml:1:17", "store.budget", "10G")
p.remove("refit.config.yaml")
contains(p.refit("gc", "--budget", "much", exit=2).stderr, "--budget much")
