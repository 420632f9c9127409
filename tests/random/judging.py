"""Is what a run said and did what was predicted?"""
import harness
from forecast import is_idle
from harness import expect
from pipeline import put, tree_of

GOOD = ("fresh", "restored", "ran")
VERDICTS = {"fresh": "fresh", "restored": "would restore", "ran": "would run"}


def is_persistent(stage):
    return any(out["persist"] for out in stage["outs"])


def allowed_states(stage, each, stops, killed, shared):
    """`stops`: something fails, and ends the run. `killed`: a run before this one was. `shared`: another is at work."""
    allowed = {each.state}
    if stops:
        allowed.add("skipped")
    if each.unsure:
        allowed.add("ran")
    if is_idle(stage) or {"always", "deploy"} & set(stage["flags"]):
        return allowed
    if killed and each.state in GOOD:
        allowed |= {"fresh", "restored"}
        # What the killed run's command left may look like what was there before; its attempt counts as failed.
        allowed |= {"ran"} if is_persistent(stage) else set()
    if shared and each.state == "ran":
        allowed |= {"fresh", "restored"}
    return allowed


def check_states(ws, result, forecasts, stops=False, killed=False, shared=False):
    """What refit says of each stage is what was predicted. Gives name → state."""
    states = result.states
    expect(set(states) == set(forecasts),
           f"{ws.name}: stages in the report: expected {sorted(forecasts)}, got {sorted(states)}")
    fails = any(each.state == "failed" for each in forecasts.values())
    for stage in ws.spec["stages"]:
        name = stage["name"]
        if name in forecasts:
            allowed = allowed_states(stage, forecasts[name], stops and fails, killed, shared)
            expect(states[name] in allowed, f"{ws.name}: {name}: expected {' or '.join(sorted(allowed))}, "
                   f"got {states[name]} ({result.reasons[name]})")
    if fails:
        expect("failed" in states.values() and result.code in (1, 2), f"{ws.name}: exit status {result.code}")
    else:
        expect(result.code == 0, f"{ws.name}: exit status {result.code} although nothing fails")
    return states


def expected_after(ws, before, forecasts, states):
    """What should be on disk; the paths of which nothing is known."""
    expected, unknown = dict(before), set()
    for stage in ws.spec["stages"]:
        name = stage["name"]
        if name not in states or states[name] == "skipped":
            continue
        for out in stage["outs"]:
            if states[name] in GOOD:
                put(expected, out["path"], forecasts[name].outs[out["path"]])
            elif out["persist"] or "deploy" in stage["flags"]:
                unknown.add(out["path"])
            elif forecasts[name].key is not None:
                for path in [each for each in expected if is_at(each, out["path"])]:
                    del expected[path]
    return expected, unknown


def is_at(path, top):
    return path == top or path.startswith(top + "/")


def check_disk(ws, before, forecasts, states, rescued):
    after = ws.scan()
    expected, unknown = expected_after(ws, before, forecasts, states)
    compare(ws, after, expected, unknown)
    for stage in ws.spec["stages"]:
        for out in stage["outs"]:
            if states.get(stage["name"]) in GOOD:
                harness.equal(tree_of(after, out["path"]), forecasts[stage["name"]].outs[out["path"]],
                              f"{ws.name}: {out['path']}")
    if rescued:
        check_rescued(ws, before, after, unknown)


def compare(ws, after, expected, unknown=()):
    """Folders aside: they come and go with what is in them."""
    for path in sorted(set(after) | set(expected)):
        if after.get(path) != expected.get(path) and path not in unknown and "d" not in (
                (after.get(path) or "-")[0], (expected.get(path) or "-")[0]):
            raise AssertionError(f"{ws.name}: {path}: expected {harness.short(expected.get(path))}, "
                                 f"got {harness.short(after.get(path))}")


def check_rescued(ws, before, after, unknown):
    """What somebody put in the place of an out, and nobody else has, is never thrown away."""
    kept = {entry[1] for entry in after.values() if entry[0] == "f"}
    free = {out["path"] for stage in ws.spec["stages"] for out in stage["outs"]
            if out["persist"] or "deploy" in stage["flags"]} | set(unknown)
    lost = [path for path, entry in before.items() if entry[0] == "f" and entry[1].startswith(b"tampered ")
            and entry[1] not in kept and not any(is_at(path, each) for each in free)]
    rescued = ws.rescued() if lost else set()
    for path in lost:
        expect(before[path][1] in rescued, f"{ws.name}: {path} was edited by hand, and is nowhere any more")


def check_verdicts(ws, forecasts, verdicts):
    """`status` promises what a run then does."""
    for name, each in forecasts.items():
        said = verdicts[name]
        if each.unsure:
            continue
        if each.state in VERDICTS and said in VERDICTS.values():
            harness.equal(said, VERDICTS[each.state], f"{ws.name}: status of {name}")
        elif each.state not in GOOD:  # a command that fails is not foreseen
            expect(said not in ("fresh", "would restore"), f"{ws.name}: status of {name}: {said}")
