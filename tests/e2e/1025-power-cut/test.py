"""A power cut: of what was not synced, any part may be gone; store and state are whole all the same, and go on."""
# tags: plain
from faults import KILLED, OUTS, outs_of, preload, Rest, STAGES
from harness import equal, expect

rest = Rest()
before = rest.copy().store_stats()["records"]
cuts = [f"cut {name}" for name in ("write-store", "sync-store", "commit-store", "write-refit.lock",
                                   "rename-refit.lock", "write-state", "sync-state", "commit-state",
                                   "truncate-workspace#2")]
for fault in cuts:
    for seed in range(1, 4):
        p = rest.copy()
        since = "rename-refit.lock" if "state" in fault else None
        p.refit("run", exit=KILLED, env=preload(fault, seed=seed, since=since))
        try:
            p.refit("verify")
            records = p.store_stats()["records"]
            done = fault not in cuts[:3]
            equal(records, before + 7 if done else before, "records")
            rest.check(p)
        except AssertionError as error:
            raise AssertionError(f"{fault}, seed {seed}: {error}") from error

# While store and state are made.
for point in ("write-store", "sync-store", "commit-store", "sync-store#2", "commit-store#3", "write-state",
              "sync-state", "commit-state", "commit-state#3"):
    for seed in range(1, 4):
        p = rest.copy()
        p.remove(".refit", *OUTS)
        p.refit("run", exit=None, env=preload(f"cut {point}", seed=seed))
        p.refit("run")
        equal(outs_of(p), rest.outs, f"the outs after {point}, seed {seed}")
        p.refit("verify")
        p.run(fresh=STAGES)
expect(p.store_stats()["records"] == STAGES, "records")
