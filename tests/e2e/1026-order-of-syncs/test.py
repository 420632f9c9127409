"""What is relied upon is synced first: chunks before the commit, the store before state and refit.lock, refit.lock
before its rename, all of it before the state that knows of it. What nobody else has is at its new place for good before
anything follows."""
# tags: plain
import os
import re

from faults import points_of, Rest
from harness import equal, expect

rest = Rest()
# Of folders that are synced only that of refit.lock, which is the project's, has its name alone.
names = [name if name != "sync-folder" or ".refit" not in path else "sync-kept" for name, path in rest.points]


def check(pattern, what):
    """Of the points of some names, in their order."""
    known = set(re.findall(r"[a-z]+-[a-z.]+", pattern))
    passed = " ".join(name for name in names if name in known)
    expect(re.fullmatch(pattern.replace(".", "[.]"), passed), f"{what}: {passed}")


# A transaction of its own for what must not be done twice, others as it takes time, one at the end.
check("((write-store )+sync-store commit-store ?)+", "the store")
check("(write-state )+sync-state commit-state (write-refit.lock )+sync-refit.lock rename-refit.lock sync-folder "
      "(write-state )+sync-state commit-state", "the state, refit.lock, the state again")
check("(commit-store )+(write-refit.lock ?)+", "the store before refit.lock")
expect(names.index("commit-store") < names.index("write-state"), f"the store before the state: {names}")


def after(points, first):
    """What follows the last point of this name, as operation and the end of the path: of the rescued file alone, as
    other stages go on beside it."""
    last = max(i for i, (name, _) in enumerate(points) if name == first)
    return [(name, os.path.basename(path)) for name, path in points[last + 1:]
            if "/.refit/rescue" in path or path.endswith(("/.refit", "/mine.txt"))]


# What was rescued: its folders, up to the workspace's.
run = next(name for name in os.listdir(rest.clean.path(".refit/rescue")))
equal(after(rest.points, "rename-rescue")[:3],
      [("sync-folder", run), ("sync-folder", "rescue"), ("sync-folder", ".refit")], "what follows the rename")
# The same on another file system, where a copy must be there before the original goes.
p = rest.copy()
_, points = points_of(p, "run", fault="EXDEV rename-rescue")
run = next(name for name in os.listdir(p.path(".refit/rescue")))
equal(after(points, "rename-rescue")[:2], [("sync-folder", run), ("remove-project", "mine.txt")], "what follows a copy")
expect(("sync-rescue", "mine.txt.tmp-") in [(name, os.path.basename(path).rstrip("0123456789"))
                                          for name, path in points], "the copy itself is synced")
