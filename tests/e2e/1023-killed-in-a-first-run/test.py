"""A first run that is killed while it makes the store, the state, .refit and refit.lock: the next one does it all."""
# tags: plain
from faults import KILLED, OUTS, outs_of, points_of, preload, Rest, spread, STAGES
from harness import equal, expect


def first(rest):
    p = rest.copy()
    p.remove(".refit", *OUTS)
    return p


rest = Rest(size=200_000)
clean = first(rest)
result, points = points_of(clean, "run", "--json")
equal(result.counts["ran"], STAGES, "stages that ran")
equal(outs_of(clean), rest.outs, "the outs")
killed = 0
wanted = spread(len(points), 50)
copies = []
for n in wanted:
    p = first(rest)
    within = "-within" if n % 2 else ""
    killed += p.refit("run", exit=None, env=preload(f"kill{within} *#{n}")).code == KILLED
    try:
        p.refit("run")
        equal(outs_of(p), rest.outs, "the outs")
        p.refit("verify")
    except AssertionError as error:
        raise AssertionError(f"kill{within} *#{n}: {error}") from error
    copies.append(p)
rest.check_settled(copies)
expect(killed >= 35, f"{killed} of {len(wanted)} were killed")
