"""A disk that is full from some moment on, one that gives up, one mounted read-only, a quota that is reached."""
# tags: plain
from faults import fail_each, Rest, spread
from harness import expect

GROWING = ("make", "write", "commit", "reserve", "mkdir", "link")
TAIL = 7  # what is done last is all that can fail without something after it failing too: none of it is left out
rest = Rest()
for reason, operations in (("ENOSPC", GROWING), ("EDQUOT", GROWING), ("EIO", None), ("EROFS", None)):
    count = sum(operations is None or name.split("-")[0] in operations for name, _ in rest.points)
    pattern = "*" if operations is None else f"@({'|'.join(operations)})-*"
    wanted = spread(count - TAIL, 9) + list(range(count - TAIL + 1, count + 1))
    met = fail_each(rest, [f"{reason} {pattern}#{n}+" for n in wanted])
    expect(met >= 12, f"{met} of {len(wanted)} met {reason}")
