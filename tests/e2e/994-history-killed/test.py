"""A run killed around the history's commit loses at most its own entry, and leaves the others and itself whole."""
# tags: plain
from faults import KILLED, points_of, preload
from harness import equal, expect, maker, set_n


def check(p, runs_before):
    """The history can be read, and ends in what the killed run did, or without it."""
    runs = p.refit("history", "--json").json["runs"]
    expect(len(runs) in (runs_before, runs_before + 1), f"{len(runs)} runs after {runs_before}")
    for run in runs:
        shown = p.refit("show", "--json", run["run"]).json
        equal(([build["stage"] for build in shown["builds"]], len(shown["stages"])), (["make"], 1), "a whole run")
    return len(runs)


def sweep(p, n, had, **counts):
    """Kill runs at each point of the history, then run to the end."""
    set_n(p, n)
    _, points = points_of(p, "run", "--json")
    names = [name for name, path in points if "/history" in path]
    expect(any(name.startswith("commit-history") for name in names), f"a run commits the history: {names}")
    for at, name in enumerate(names):
        for action in ("kill", "kill-after", "kill-within" if name.startswith("write") else "kill"):
            n += 1
            set_n(p, n)
            which = names[:at + 1].count(name)
            p.refit("run", "--json", exit=KILLED, env=preload(f"{action} {name}#{which}"))
            had = check(p, had)
            result = p.refit("run", "--json")
            equal(result.counts["failed"], 0, "the next run goes well")
            now = check(p, had)
            expect(now == had + (result.counts["fresh"] == 0), "it is recorded if it did something")
            had = now
    return n, had


p = maker(1000)
set_n(p, 0)
p.run(ran=1)
equal(check(p, 0), 1, "one run")
sweep(p, 1, 2)

# The first run of a workspace, which makes the history.
for point in ("kill write-history#1", "kill-within write-history#1", "kill-after write-history#1",
              "kill commit-history#1", "kill-after commit-history#1", "kill commit-history#2"):
    first = maker(1000)
    set_n(first, 0)
    first.refit("run", "--json", exit=KILLED, env=preload(point))
    had = check(first, 0)
    result = first.refit("run", "--json")
    equal(check(first, had), had + (result.counts["fresh"] == 0), point)

# No room: an error with what to do, and the rest is durable.
set_n(p, 999)
full = p.refit("run", "--json", exit=5, env=preload("ENOSPC write-history#1+"))
expect("history" in full.finished["error"] and "make room" in full.finished["error"], full.finished["error"])
p.run(fresh=1)
check(p, len(p.refit("history", "--json").json["runs"]))
