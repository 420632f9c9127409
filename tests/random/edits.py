"""What can happen to a project between two runs. Each edit takes a generator of chance and the workspace."""
import copy

from pipeline import FILTERS, below, edges_of, is_folder, order_of, touches

LETTERS = "0123456789abcdef"
FOLDERS = ["d0", "d1", "w0", "w1"]


def text(chance, size=None):
    size = chance.choice([1, 8, 30, 30, 60, 200]) if size is None else size
    lines = "".join(chance.choice(LETTERS + "\n\n#") for _ in range(size))
    return lines.encode() + chance.choice([b"\n", b"\n", b""])


def large(chance):
    """More than the smallest read and, at times, more than a chunk."""
    word = text(chance, 40)
    return word * chance.choice([300, 3000, 30000])


# ---- making a project ----

def new_spec(chance):
    spec = {"stages": [], "params": {}, "notes": 0, "padding": chance.choice([0, 0, 0, 70000])}
    for file in chance.sample(["params.yaml", "cfg/p.json"], chance.randint(1, 2)):
        spec["params"][file] = {f"g{g}": {f"k{g}{k}": value(chance) for k in range(chance.randint(1, 3))}
                                for g in range(chance.randint(1, 3))}
    return spec


def value(chance):
    return chance.choice([str(chance.randint(0, 99)), str(chance.randint(0, 9)), "0.5", "1.5", "abc", "true", "false"])


def new_sources(chance):
    sources = {f"s{n}": text(chance) for n in range(chance.randint(2, 5))}
    sources.update({f"inc/i{n}": text(chance) for n in range(4)})
    sources.update({f"inc/m{n}": include_list(chance) for n in range(2)})
    for folder in FOLDERS[:2]:
        sources.update({f"{folder}/{'sub/' * chance.randint(0, 1)}f{n}": text(chance)
                        for n in range(chance.randint(1, 4))})
    if chance.random() < 0.1:
        sources["s0"] = large(chance)
    return sources


def include_list(chance):
    return "".join(f"inc/i{chance.randint(0, 3)}\n" for _ in range(chance.randint(0, 3))).encode()


def all_outs(spec):
    return [out for stage in spec["stages"] for out in stage["outs"]]


def readable(chance, spec, vfs):
    """A path that a stage may depend on."""
    made = [out["path"] for out in all_outs(spec)]
    inside = [f"{out['path']}/a" for out in all_outs(spec) if out["tree"] and out["path"].split("/")[-1][0] == "t"]
    files = [path for path, entry in vfs.items() if entry[0] == "f" and not is_folder(path) and path[0] in "sd"
             and not any(touches(path, out) for out in made) and not path.endswith(".pyc")]
    folders = [folder for folder in FOLDERS if below(vfs, folder) or any(out.startswith(folder + "/") for out in made)]
    pool = chance.choice([made, made, made, inside, files, files, folders])
    return chance.choice(sorted(pool)) if pool else None


def new_stage(chance, spec, vfs, number):
    name = f"n{number}"
    stage = {"name": name, "salt": chance.randint(10, 99), "deps": [], "params": [], "needs": [], "outs": [],
             "filter": chance.choice(["cat", "cat", "sum", "sum", "sum", "few", "size", "code"]), "depfile": False,
             "flags": [flag for flag, share in (("always", 0.03), ("list", 0.3), ("xdep", 0.2))
                       if chance.random() < share]}
    if chance.random() < 0.15:
        stage["depfile"] = True
        stage["deps"].append(f"inc/m{chance.randint(0, 1)}")
    for _ in range(chance.choice([0, 1, 1, 2, 2, 3])):
        dep = readable(chance, spec, vfs)
        if dep and dep not in stage["deps"]:
            stage["deps"].append(dep)
    for _ in range(chance.choice([0, 0, 1, 2])):
        param = new_param(chance, spec)
        if param not in stage["params"]:
            stage["params"].append(param)
    if spec["stages"] and chance.random() < 0.15:
        stage["needs"].append(chance.choice(spec["stages"])["name"])
    for count in range(chance.choice([1, 1, 1, 1, 2, 2, 3]) if chance.random() < 0.95 or not stage["deps"] else 0):
        stage["outs"].append(new_out(chance, f"{number}_{count}"))
    if stage["outs"] and chance.random() < 0.08:
        stage["filter"] = "params"
        stage["outs"] = [{**new_out(chance, "0"), "path": f"gen/{name}.yaml", "tree": False, "persist": False}]
    return stage


def new_out(chance, suffix):
    letter = chance.choice("ooooett")
    folder = chance.choice(["", "", "out/", "out/deep/", "w0/", "w1/", "d1/"])
    return {"path": f"{folder}{letter}{suffix}", "tree": letter == "t" or (letter == "e" and chance.random() < 0.5),
            "x": chance.random() < 0.2, "cache": chance.random() > 0.15,
            "persist": letter == "o" and chance.random() < 0.04}


def new_param(chance, spec):
    made = [out["path"] for out in all_outs(spec) if out["path"].startswith("gen/")]
    if made and chance.random() < 0.5:
        return [chance.choice(made), "k"]
    file = chance.choice(sorted(spec["params"]))
    group = chance.choice(sorted(spec["params"][file]))
    return [file, chance.choice([None, group, group] + [f"{group}.{key}" for key in spec["params"][file][group]] * 2)]


def is_valid(spec):
    outs = [out["path"] for out in all_outs(spec)]
    for i, path in enumerate(outs):
        if any(touches(path, other) for other in outs[:i]):
            return False
    for stage in spec["stages"]:
        if any(out["x"] and out["persist"] for out in stage["outs"]):
            return False
    return order_of(spec) is not None


def tidy(spec, vfs):
    """What nobody makes any more cannot be named."""
    names = {stage["name"] for stage in spec["stages"]}
    made = [out["path"] for out in all_outs(spec)]
    for stage in spec["stages"]:
        stage["needs"] = [name for name in stage["needs"] if name in names]
        stage["params"] = [param for param in stage["params"] if param[0] in spec["params"] or param[0] in made]
        stage["deps"] = [dep for dep in stage["deps"] if dep in vfs or any(touches(dep, path) for path in made)]
        if stage["depfile"] and not (stage["deps"] and stage["deps"][0].startswith("inc/m")):
            stage["depfile"] = False


# ---- edits ----

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
    files = sorted(path for path in ws.sources() if path.startswith(folder + "/"))
    kind = chance.randrange(5)
    if kind == 0 or not files:
        ws.write(f"{folder}/{'sub/' * chance.randint(0, 1)}f{chance.randint(0, 9)}", text(chance))
    elif kind == 1:
        ws.remove(chance.choice(files))
    elif kind == 2:
        new = f"{folder}/f{chance.randint(0, 9)}"
        if new not in ws.scan():
            ws.rename(chance.choice(files), new)
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


def edit_flags(chance, ws):
    def change(spec, _):
        if not spec["stages"]:
            return
        stage = chance.choice(spec["stages"])
        kind = chance.randrange(6)
        if kind <= 2 or not stage["outs"]:
            flag = ("list", "xdep", "always")[min(kind, 2) if chance.random() < 0.2 else kind % 2]
            stage["flags"] = sorted(set(stage["flags"]) ^ {flag})
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
        elif stage["filter"] != "params":
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
    ws.remove(".refit/state")
    ws.memory.clear()


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
    edit_lose_outs: 2, edit_fail: 3, edit_mend: 5,
}


def change_something(chance, ws):
    edit = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    ws.say(f"# {ws.name}: {edit.__name__}")
    edit(chance, ws)
    if edges_of(ws.spec) is None:
        raise AssertionError("the test is wrong")
