"""A run that is killed before any of its calls that change a file: the next one does what is left, nothing is lost."""
# tags: plain
from faults import kill_each, Rest, spread
from harness import expect

rest = Rest()
count = len(rest.points)
expect(count > 60, f"the project has {count} points")
wanted = spread(count, 80)
killed = kill_each(rest, [f"kill *#{n}" for n in wanted])
# The threads of a run do not always come to as many points.
expect(killed >= len(wanted) - 5, f"{killed} of {len(wanted)} were killed")
