"""A run that is killed in the middle of a write, of data and of what says that the data counts."""
# tags: plain
from faults import kill_each, Rest, spread
from harness import expect

rest = Rest()
writes = sum(name.startswith("write-") for name, _ in rest.points)
faults = [f"kill-within write-*#{n}" for n in spread(writes, 40)]
faults += ["kill-within commit-store", "kill-within commit-state"]
killed = kill_each(rest, faults)
expect(killed >= 22, f"{killed} of {len(faults)} were killed")
