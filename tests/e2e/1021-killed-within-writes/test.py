"""A run that is killed in the middle of a write, of data and of what says that the data counts."""
# tags: plain
from faults import kill_each, Rest, spread
from harness import expect

rest = Rest()
writes = sum(name.startswith(("write-", "commit-")) for name, _ in rest.points)
expect(writes > 15, f"the project has {writes} writes")
faults = [f"kill-within write-*#{n}" for n in spread(writes, 40)]
faults += ["kill-within commit-store", "kill-within commit-state"]
killed = kill_each(rest, faults)
expect(killed >= len(faults) - 5, f"{killed} of {len(faults)} were killed")
