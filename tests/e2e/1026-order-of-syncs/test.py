"""What is relied upon is synced first: chunks before the commit, the store before state and refit.lock, refit.lock
before its rename, all of it before the state that knows of it."""
# tags: plain
import re

from faults import Rest
from harness import expect

names = [name for name, _ in Rest().points]


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
