"""What a pinned run made stays in the store; a run that is forgotten takes its pin along, and no other run with it."""
from harness import contains, equal, expect, maker, set_n


def outs(p, run):
    return p.refit("show", "--json", run).json["builds"]


p = maker(1_000_000)
for n in range(4):
    set_n(p, n)
    p.run(ran=1)
ids = p.refit("history", "--names").stdout.split()[::-1]
pictures = [outs(p, run) for run in ids]
equal(p.refit("pin", "-3", "--json").json, {"run": ids[0], "pinned": True, "lacking": 0}, "pinned")
equal([run["pinned"] for run in p.refit("history", "--json").json["runs"]], [False, False, False, True], "is pinned")
contains(p.refit("history").stdout, f"{ids[0]} pinned")
contains(p.refit("show", ids[0]).stdout, "its outs stay in the store")
done = p.refit("gc", "--json", "--budget", "1").json
equal((done["root_records"], done["taken_records"]), (2, 2), "the one that is pinned, and refit.lock's")
set_n(p, 0)
p.run(restored=1)
contains(p.refit("pin", ids[1]).stderr, f"1 outs of {ids[1]} are not in the store")
p.refit("pin", "--remove", ids[1])

equal(p.refit("forget", ids[1], ids[0], "--json").json, {"forgotten": 2}, "forgotten")
left = p.refit("history", "--names").stdout.split()[::-1]
equal(left[:2], ids[2:], "the others")
equal([outs(p, run) for run in left], [pictures[2], pictures[3], pictures[0]], "are as they were")
set_n(p, 3)
p.run(restored=1)
done = p.refit("gc", "--json", "--budget", "1").json
equal(done["root_records"], 1, "the pin went with its run; refit.lock's stays")
p.run(fresh=1)
contains(p.refit("forget", "last", "nonsense", exit=2).stderr, "has no run `nonsense`")
equal(len(p.refit("history", "--names").stdout.split()), 4, "then nothing is forgotten")
for _ in range(4):
    p.refit("forget", "last")
contains(p.refit("history").stdout, "no run is recorded here yet")
p.run(fresh=1)
set_n(p, 9)
p.run(ran=1)
equal(len(outs(p, "last")), 1, "it goes on")
expect(p.refit("show", "--json").json["changes"] == [], "there is no run before it")
