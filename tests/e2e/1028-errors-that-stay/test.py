"""A disk that is full from some moment on, one that gives up, one mounted read-only, a quota that is reached."""
# tags: plain
from faults import fail_each, Rest, spread
from harness import expect

GROWING = "@(make|write|commit|reserve|mkdir|link)-*"
rest = Rest()
wanted = spread(len(rest.points), 15)
for reason, pattern in (("ENOSPC", GROWING), ("EDQUOT", GROWING), ("EIO", "*"), ("EROFS", "*")):
    met = fail_each(rest, [f"{reason} {pattern}#{n}+" for n in wanted])
    expect(met >= 8, f"{met} of {len(wanted)} met {reason}")
