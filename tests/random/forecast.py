"""What a run does, predicted from what is on disk and what was executed before: keys, records, the state's memory,
refit.lock. pipeline.py knows what the stages make.
"""
from pipeline import (commands_of, dep_of, drop, edges_of, includes_of, made_by, order_of, param_values, put, resolve,
                      tool_output, tools_of, tree_of, variable)


def key_of(spec, stage, vfs, environ):
    """All that decides what a stage produces; None if a parameter is not there."""
    params = set()
    for file, key in stage["params"]:
        values = param_values(spec, vfs, file, key)
        if values is None:
            return None
        params |= {(file, *item) for item in values.items()}
    return (tuple(commands_of(spec, stage)), stage["wdir"], frozenset((dep, dep_of(vfs, dep)) for dep in stage["deps"]),
            frozenset(params), frozenset((out["path"], out["cache"], out["persist"]) for out in stage["outs"]),
            frozenset((name, variable(name, value, environ), value is None) for name, value in stage["env"]),
            frozenset((tool, tool_output(vfs, tool)) for tool in tools_of(spec, stage)), stage["depfile"])


class Known:
    """What decides a run beside what is on disk."""

    def __init__(self):
        self.records = {}   # of the store: key → {found: outs}
        self.doubt = set()  # (key, found) of records that gc may have taken
        self.memory = {}    # of the workspace: name → (key, outs, found, good)
        self.lock = {}      # refit.lock: name → (key, outs, found)
        self.environ = {}   # variables that refit is started with


class Forecast:
    """Of one stage in one run."""

    def __init__(self, state, key=None, found=None, outs=None, unsure=False):
        self.state, self.key, self.found, self.outs = state, key, found, outs
        self.unsure = unsure  # its record may be gone: then it runs, and makes the same
        self.remembered = state not in ("failed", "skipped")  # by store, state and refit.lock


def found_matches(found, vfs):
    return all(vfs.get(path) == entry for path, entry in found)


def is_idle(stage):
    """With neither deps nor outs it has no reason to be fresh."""
    return not (stage["outs"] or stage["deps"] or stage["params"])


def predict(spec, before, known, selected, force=False):
    """name → Forecast, for a run with no limit to failures."""
    vfs, edges, forecasts = dict(before), edges_of(spec), {}
    for stage in order_of(spec):
        name = stage["name"]
        if name not in selected:
            continue
        if any(forecasts[other].state in ("failed", "skipped") for other in edges[name] if other in forecasts):
            forecasts[name] = Forecast("skipped")
        elif "frozen" in stage["flags"]:
            forecasts[name] = forecast_frozen(stage, vfs, known)
        elif any(resolve(vfs, dep) is None for dep in stage["deps"]):
            forecasts[name] = Forecast("failed")
        else:
            key = key_of(spec, stage, vfs, known.environ)
            forecasts[name] = Forecast("failed") if key is None else forecast(spec, stage, key, vfs, known, force)
        for path, value in (forecasts[name].outs or {}).items():
            put(vfs, path, value)
    return forecasts


def forecast_frozen(stage, vfs, known):
    """Its outs are sources; those that are missing are had as refit.lock names them."""
    now = {out["path"]: tree_of(vfs, out["path"]) for out in stage["outs"]}
    missing = {path for path, value in now.items() if value is None}
    _, locked, _ = known.lock.get(stage["name"], (None, {}, None))
    if not missing <= set(locked):
        return Forecast("failed")
    result = Forecast("restored" if missing else "fresh", outs={**now, **{path: locked[path] for path in missing}})
    result.remembered = False
    return result


def find_record(stage, key, now, vfs, known):
    """(outs, found, whether it may be gone) of what is known under the key and the files found by an execution."""
    last = known.memory.get(stage["name"])
    if last and last[3] and last[0] == key and found_matches(last[2], vfs) and last[1] == now:
        return last[1], last[2], False
    if any(out["persist"] for out in stage["outs"]):
        return None, None, False
    for found, outs in known.records.get(key, {}).items():
        if found_matches(found, vfs):
            return outs, found, (key, found) in known.doubt
    return None, None, False


def forecast(spec, stage, key, vfs, known, force):
    now = {out["path"]: tree_of(vfs, out["path"]) for out in stage["outs"]}
    must = force or is_idle(stage) or {"always", "deploy"} & set(stage["flags"])
    outs, found, unsure = find_record(stage, key, now, vfs, known)
    if outs is not None and not must:
        return Forecast("fresh" if now == outs else "restored", key, found, outs, unsure)
    made = made_by(spec, stage, vfs, known.environ)
    for out in stage["outs"]:
        if not out["persist"] and "deploy" not in stage["flags"]:
            drop(vfs, out["path"])
    if made is None:
        return Forecast("failed", key)
    found = frozenset((path, vfs[path]) for path in includes_of(stage, vfs) if path not in stage["deps"])
    return Forecast("ran", key, found, {out["path"]: tree_of(made, out["path"]) for out in stage["outs"]})
