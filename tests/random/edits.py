"""What can happen to a project between two runs. Each edit takes a generator of chance and the workspace."""
import copy

from pipeline import FILTERS, edges_of
from projects import (FOLDERS, LETTERS, LINKS, TOOLS, VARIABLES, WDIRS, all_outs, include_list, is_valid, large,
                      new_out, new_param, new_stage, readable, text, tidy, value, version)

def pick_file(chance, ws):
    files = sorted(path for path, entry in ws.sources().items()
                   if entry[0] == "f" and path[0] in "sdwi" and not path.startswith("inc/m"))
    return chance.choice(files) if files else None


def edit_content(chance, ws):
    path = pick_file(chance, ws)
    if path:
        ws.write(path, large(chance) if chance.random() < 0.03 else text(chance), ws.scan()[path][2],
                 chance.random() < 0.2)


def edit_hidden(chance, ws):
    """The same size, and the modification time put back."""
    path = pick_file(chance, ws)
    if path:
        _, data, executable = ws.sources()[path]
        at = chance.randrange(len(data)) if data else 0
        ws.write(path, data[:at] + chance.choice(LETTERS).encode() + data[at + 1:] if data else b"",
                 executable, keep_times=True)


def edit_touch(chance, ws):
    path = pick_file(chance, ws)
    if path:
        ws.touch(path, chance.choice([-100000, -5, 5, 100000]))


def edit_mode(chance, ws):
    path = pick_file(chance, ws)
    if path:
        ws.chmod(path, chance.choice([0o755, 0o755, 0o644, 0o600, 0o700]))


def edit_includes(chance, ws):
    ws.write(f"inc/m{chance.randint(0, 1)}", include_list(chance))
    if chance.random() < 0.2:
        ws.remove(f"inc/i{chance.randint(0, 3)}")
    elif chance.random() < 0.5:
        ws.write(f"inc/i{chance.randint(0, 3)}", text(chance))


def edit_folder(chance, ws):
    """Names in a folder: a file more, one less, one under another name, one that does not count."""
    folder = chance.choice(FOLDERS)
    sources = ws.sources()
    files = sorted(path for path in sources if path.startswith(folder + "/"))
    kind = chance.randrange(5)
    if kind == 0 or not files:
        ws.write(f"{folder}/{'sub/' * chance.randint(0, 1)}f{chance.randint(0, 9)}", text(chance))
    elif kind == 1:
        ws.remove(chance.choice(files))
    elif kind == 2:
        old, new = chance.choice(files), f"{folder}/f{chance.randint(0, 9)}"
        if new not in ws.scan() and sources[old][0] == "f":  # links in another place might make a circle
            ws.rename(old, new)
    elif kind == 3:
        ws.write(f"{folder}/x{chance.randint(0, 2)}.pyc", text(chance))
    else:
        ws.make_folder(f"{folder}/hollow{chance.randint(0, 2)}")


def edit_source_files(chance, ws):
    path = pick_file(chance, ws)
    if path and chance.random() < 0.3:
        ws.remove(path)
    else:
        ws.write(f"s{chance.randint(0, 6)}", text(chance))


def edit_param(chance, ws):
    spec = ws.spec
    file = chance.choice(sorted(spec["params"]))
    group = chance.choice(sorted(spec["params"][file]))
    key = chance.choice(sorted(spec["params"][file][group]))
    if chance.random() < 0.15:
        key = f"k{group[1:]}{chance.randint(3, 5)}"
    spec["params"][file][group][key] = value(chance)
    ws.write_declared(keep_times=chance.random() < 0.3)


def edit_notes(chance, ws):
    """Comments, and the order of stages: nothing that counts."""
    ws.spec["notes"] = chance.randint(0, 9)
    chance.shuffle(ws.spec["stages"])
    ws.write_declared(keep_times=chance.random() < 0.3)


def change_spec(chance, ws, change):
    spec = copy.deepcopy(ws.spec)
    vfs = ws.scan()
    change(spec, vfs)
    tidy(spec, vfs)
    if is_valid(spec):
        ws.spec = spec
        ws.write_declared(keep_times=chance.random() < 0.3)


def edit_command(chance, ws):
    def change(spec, _):
        if spec["stages"]:
            stage = chance.choice(spec["stages"])
            stage["salt"] = chance.randint(10, 99)
            if chance.random() < 0.3 and stage["filter"] != "params":
                stage["filter"] = chance.choice(sorted(set(FILTERS) - {"params"}))
    change_spec(chance, ws, change)


def edit_edges(chance, ws):
    def change(spec, vfs):
        if not spec["stages"]:
            return
        stage = chance.choice(spec["stages"])
        kind = chance.randrange(5)
        dep = readable(chance, spec, vfs)
        if kind <= 1 and dep and dep not in stage["deps"]:
            stage["deps"].append(dep)
        elif kind == 2 and stage["deps"]:
            stage["deps"].remove(chance.choice(stage["deps"][stage["depfile"]:] or [stage["deps"][0]]))
        elif kind == 3:
            param = new_param(chance, spec)
            if param in stage["params"]:
                stage["params"].remove(param)
            else:
                stage["params"].append(param)
        else:
            other = chance.choice(spec["stages"])["name"]
            stage["needs"] = [] if stage["needs"] else [other]
    change_spec(chance, ws, change)


def edit_add_stage(chance, ws):
    def change(spec, vfs):
        taken = {stage["name"] for stage in spec["stages"]}
        number = chance.choice([n for n in range(40) if f"n{n}" not in taken])
        spec["stages"].append(new_stage(chance, spec, vfs, number))
    change_spec(chance, ws, change)


def edit_remove_stage(chance, ws):
    def change(spec, _):
        if len(spec["stages"]) > 2:
            spec["stages"].remove(chance.choice(spec["stages"]))
    change_spec(chance, ws, change)


def freeze(chance, spec, stage):
    """Or thaw all: a frozen stage hides what is above it."""
    if any("frozen" in each["flags"] for each in spec["stages"]) and chance.random() < 0.6:
        for each in spec["stages"]:
            each["flags"] = [flag for flag in each["flags"] if flag != "frozen"]
    else:
        stage["flags"] = sorted({*stage["flags"], "frozen"})


def edit_link(chance, ws):
    """A link more, to another place, or gone."""
    path = chance.choice(sorted(LINKS))
    if chance.random() < 0.2:
        ws.remove(path)
    else:
        ws.link(path, chance.choice(LINKS[path]))


def edit_environment(chance, ws):
    ws.set_variable(chance.choice(VARIABLES), chance.choice(["a", "b", "two words", "", None]))


def edit_tools(chance, ws):
    """Another version of what makes it; or other stages that look at it."""
    def change(spec, _):
        stage = chance.choice(spec["stages"]) if spec["stages"] else spec
        holder = spec if chance.random() < 0.3 else stage
        holder["tools"] = [] if holder["tools"] else [chance.choice(TOOLS)]
    if chance.random() < 0.6:
        ws.write(f"ver/{chance.choice(TOOLS)}", version(chance)[1], keep_times=chance.random() < 0.3)
    elif chance.random() < 0.3:
        ws.remove(f"ver/{chance.choice(TOOLS)}")
    else:
        change_spec(chance, ws, change)


def edit_declared(chance, ws):
    """The working directory; the variables that count."""
    def change(spec, _):
        if not spec["stages"]:
            return
        stage = chance.choice(spec["stages"])
        if chance.random() < 0.5:
            stage["wdir"] = chance.choice([".", *WDIRS])
        elif stage["env"] and chance.random() < 0.4:
            stage["env"].pop()
        else:
            name = chance.choice(VARIABLES)
            stage["env"] = [each for each in stage["env"] if each[0] != name]
            stage["env"].append([name, chance.choice([None, None, "set", "", "other"])])
    change_spec(chance, ws, change)


def edit_flags(chance, ws):
    def change(spec, _):
        if not spec["stages"]:
            return
        stage = chance.choice(spec["stages"])
        kind = chance.randrange(8)
        if kind <= 2 or not stage["outs"]:
            flag = ("list", "xdep", "always")[min(kind, 2) if chance.random() < 0.2 else kind % 2]
            stage["flags"] = sorted(set(stage["flags"]) ^ {flag})
            return
        if kind >= 6:
            freeze(chance, spec, stage)
            return
        out = chance.choice(stage["outs"])
        if kind == 3:
            out["cache"] = not out["cache"]
        elif kind == 4 and not out["persist"]:
            out["x"] = not out["x"]
        elif out["path"].split("/")[-1][0] == "e":
            out["tree"] = not out["tree"]
        elif out["persist"] or chance.random() < 0.2:
            out["persist"] = not out["persist"] and not out["tree"]
    change_spec(chance, ws, change)


def edit_outs(chance, ws):
    """An out more or less."""
    def change(spec, _):
        if not spec["stages"]:
            return
        stage = chance.choice(spec["stages"])
        if len(stage["outs"]) > 1 and chance.random() < 0.5:
            stage["outs"].remove(chance.choice(stage["outs"]))
        elif stage["filter"] != "params" and "deploy" not in stage["flags"]:
            stage["outs"].append(new_out(chance, f"{stage['name'][1:]}_{chance.randint(3, 9)}"))
    change_spec(chance, ws, change)


def made_paths(ws, vfs, kind):
    return sorted(path for path in ws.declared_outs(vfs) if vfs[path][0] == kind)


def edit_delete_out(chance, ws):
    vfs = ws.scan()
    paths = sorted(ws.declared_outs(vfs))
    if paths:
        ws.remove(chance.choice(paths))


def edit_tamper(chance, ws):
    vfs = ws.scan()
    files, folders = made_paths(ws, vfs, "f"), made_paths(ws, vfs, "d")
    token = f"tampered {chance.getrandbits(60):x}\n".encode()
    if folders and chance.random() < 0.3:
        ws.write(f"{chance.choice(folders)}/{chance.choice(['foreign', 'a', 'none'])}", token)
    elif files:
        path = chance.choice(files)
        _, data, executable = vfs[path]
        kind = chance.randrange(5)
        if kind == 0:
            ws.write(path, token, executable)
        elif kind == 1 and data:
            ws.write(path, data[:-1] + b"~", executable, keep_times=True)
        elif kind == 2:
            ws.write(path, data, not executable)
        elif kind == 3:
            ws.touch(path, 5)
        elif not path.endswith(".pyc"):  # as a folder it would be ignored with all that is in it
            ws.remove(path)
            ws.write(f"{path}/foreign", token)


def edit_lose_state(_, ws):
    ws.lose_state()


def edit_lose_outs(chance, ws):
    for out in all_outs(ws.spec):
        if chance.random() < 0.7:
            ws.remove(out["path"])


def edit_fail(chance, ws):
    if ws.spec["stages"]:
        ws.write(f"fail/{chance.choice(ws.spec['stages'])['name']}", b"")


def edit_mend(_, ws):
    ws.remove("fail")


WEIGHTS = {
    edit_content: 10, edit_hidden: 6, edit_touch: 3, edit_mode: 3, edit_includes: 5, edit_folder: 8,
    edit_source_files: 2, edit_param: 6, edit_notes: 2, edit_command: 5, edit_edges: 5, edit_add_stage: 3,
    edit_remove_stage: 2, edit_flags: 4, edit_outs: 3, edit_delete_out: 4, edit_tamper: 6, edit_lose_state: 2,
    edit_lose_outs: 2, edit_fail: 3, edit_mend: 5, edit_link: 5, edit_environment: 3, edit_tools: 3, edit_declared: 3,
}


def change_something(chance, ws):
    edit = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    ws.say(f"# {ws.name}: {edit.__name__}")
    edit(chance, ws)
    if edges_of(ws.spec) is None:
        raise AssertionError("the test is wrong")
