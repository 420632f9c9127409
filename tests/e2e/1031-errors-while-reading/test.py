"""Files and folders that cannot be opened, read or listed: it is told which, and the next run goes on."""
# tags: plain
from faults import fail_each, Rest
from harness import expect

rest = Rest(size=100_000)
for operation, least in (("open", 5), ("read", 5), ("list", 3)):
    for role in ("project", "refit.lock"):
        met = fail_each(rest, [f"EIO {operation}-{role}#{n}" for n in range(1, 30, 2)])
        expect(met >= least or role != "project", f"{met} met {operation}-{role}")
