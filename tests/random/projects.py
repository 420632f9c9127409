"""Making a random project: stages, parameters, sources."""
from pipeline import below, is_folder, order_of, reads, resolve, touches

LETTERS = "0123456789abcdef"
FOLDERS = ["d0", "d1", "w0", "w1"]
TOOLS = ["v0", "v1"]
VARIABLES = ["V0", "V1", "V2"]
WDIRS = ["inc", "x/deep", "x/wide"]  # folders that are always there
LINKS = {"s_a": ["s0", "s1", "d0/f1"], "s_b": ["s_a", "./s1", "nowhere"], "dl0": ["d0", "d0/sub"], "dl1": ["dl0", "d0"],
         "d0/la": ["f1", "../s1", "../s_a", "sub", "nowhere"], "d0/sub/lb": ["../f0", "../../s0"]}


def text(chance, size=None):
    size = chance.choice([1, 8, 30, 30, 60, 200]) if size is None else size
    lines = "".join(chance.choice(LETTERS + "\n\n#") for _ in range(size))
    return lines.encode() + chance.choice([b"\n", b"\n", b""])


def large(chance):
    """More than the smallest read and, at times, more than a chunk."""
    word = text(chance, 40)
    return word * chance.choice([300, 3000, 30000])


def new_spec(chance):
    spec = {"stages": [], "params": {}, "notes": 0, "padding": chance.choice([0, 0, 0, 70000]), "tools": []}
    if chance.random() < 0.1:
        spec["tools"].append(chance.choice(TOOLS))
    for file in chance.sample(["params.yaml", "cfg/p.json", "x/deep/q.yml"], chance.randint(1, 3)):
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
    sources = {path: ("f", data, False) for path, data in sources.items()}
    sources["x/deep/here"] = sources["x/wide/here"] = ("f", b"", False)
    sources.update({f"ver/{tool}": version(chance) for tool in TOOLS})
    for path, texts in LINKS.items():
        if chance.random() < 0.4:
            sources[path] = ("l", chance.choice(texts))
    return sources


def version(chance):
    return "f", b"v%d" % chance.randint(0, 3) + b"\n" * chance.randint(0, 2), False


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
    links = [link for link in LINKS if resolve(vfs, link) in (*files, "d0", "d0/sub")]
    links += [link + "/f1" for link in links if resolve(vfs, link + "/f1") in files]
    pool = chance.choice([made, made, made, inside, files, files, folders, links])
    return chance.choice(sorted(pool)) if pool else None


def new_stage(chance, spec, vfs, number):
    name = f"n{number}"
    stage = {"name": name, "salt": chance.randint(10, 99), "deps": [], "params": [], "needs": [], "outs": [],
             "filter": chance.choice(["cat", "cat", "sum", "sum", "sum", "few", "size", "code"]), "depfile": False,
             "flags": [flag for flag, share in (("always", 0.03), ("list", 0.3), ("xdep", 0.2), ("deploy", 0.06))
                       if chance.random() < share], "env": [], "tools": [],
             "wdir": chance.choice(WDIRS) if chance.random() < 0.15 else "."}
    for variable in chance.sample(VARIABLES, chance.choice([0, 0, 0, 0, 1, 2])):
        stage["env"].append([variable, chance.choice([None, None, "set", ""])])
    if chance.random() < 0.12:
        stage["tools"].append(chance.choice(TOOLS))
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
    if "deploy" in stage["flags"]:
        stage["outs"] = [{**out, "path": f"rel/o{number}_{at}", "tree": False, "persist": False}
                         for at, out in enumerate(stage["outs"])]
    elif stage["outs"] and chance.random() < 0.08:
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
        if any(touches(out["path"], path) for out in stage["outs"] for path in reads(stage)):
            return False
        if "frozen" in stage["flags"] and (not stage["outs"] or "deploy" in stage["flags"]):
            return False
        if "deploy" in stage["flags"] and any(out["tree"] or out["persist"] for out in stage["outs"]):
            return False
    # At the end nothing is frozen: then there must be an order, too.
    return order_of({"stages": [{**stage, "flags": []} for stage in spec["stages"]]}) is not None


def tidy(spec, vfs):
    """What nobody makes any more cannot be named."""
    names = {stage["name"] for stage in spec["stages"]}
    made = [out["path"] for out in all_outs(spec)]
    for stage in spec["stages"]:
        stage["needs"] = [name for name in stage["needs"] if name in names]
        stage["params"] = [param for param in stage["params"] if param[0] in spec["params"] or param[0] in made]
        stage["deps"] = [dep for dep in stage["deps"]
                         if resolve(vfs, dep) or any(touches(dep, path) for path in made)]
        if stage["depfile"] and not (stage["deps"] and stage["deps"][0].startswith("inc/m")):
            stage["depfile"] = False
