"""An error of any call that changes a file: it is told in a line, nothing is lost or made up, the next run goes on."""
# tags: plain
from faults import fail_each, Rest, spread
from harness import expect

rest = Rest()
wanted = spread(len(rest.points), 40)
for reason in ("ENOSPC", "EIO"):
    met = fail_each(rest, [f"{reason} *#{n}" for n in wanted])
    expect(met >= 25, f"{met} of {len(wanted)} met {reason}")
