"""What is moved to another file system is copied first: kills and errors on the way lose nothing."""
# tags: plain
from faults import fail_each, kill_each, points_of, Rest
from harness import expect

ROLES = ("rescue", "attempts", "depfile")
rest = Rest(size=100_000)
faults = []
for role in ROLES:
    across = f"EXDEV rename-{role}"
    p = rest.copy()
    result, points = points_of(p, "run", fault=across)
    names = [name for name, _ in points]
    for operation in ("make", "write", "sync", "rename"):
        expect(f"{operation}-{role}" in names, f"{operation}-{role} is among {names}")
        at = 2 if operation == "rename" else 1
        faults.append((across, f"{operation}-{role}#{at}"))
killed = kill_each(rest, [f"{across}, {kill} {point}" for across, point in faults
                          for kill in ("kill", "kill-within", "kill-after")])
expect(killed >= 30, f"{killed} were killed")
for reason in ("ENOSPC", "EIO"):
    met = fail_each(rest, [f"{across}, {reason} {point}" for across, point in faults])
    expect(met >= 10, f"{met} met {reason}")
