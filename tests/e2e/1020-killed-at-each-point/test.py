"""A run that is killed before any of its calls that change a file: the next one does what is left, nothing is lost."""
# tags: plain
from faults import kill_each, Rest, spread
from harness import expect

rest = Rest()
wanted = spread(len(rest.points), 66)
killed = kill_each(rest, [f"kill *#{n}" for n in wanted])
# A run does not always come to as many points: it has threads, and more to write when it takes longer.
expect(killed >= 50, f"{killed} of {len(wanted)} were killed")
