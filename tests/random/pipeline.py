"""Pipelines whose every out is a pure function of declared inputs: as a manifest for refit, and as a model in Python.

A spec is plain data: {"stages": [stage, ...], "params": {file: {group: {key: text}}}, "notes": n, "padding": bytes}.
Of a path, the first letter of its last part says what it is: `d`, `w` folders, `t` a directory out, `e` an out that may
be either, anything else a file; any may be a link. What is on disk is a dict: path → ("f", bytes, executable) |
("l", text) | ("d",).
"""
import hashlib
import json
import os.path

CUT = 4000
FILTERS = {
    "cat": f"head -c {CUT}",
    "sum": "md5sum",
    "few": "cut -c1-2",          # ignores most of what it reads: early cut-off
    "size": "wc -c",
    "code": "grep -v '^#'",      # ignores comments
    "params": "md5sum | cut -c1 | sed 's/^/k: x/'",
}


FLAGS = {"always": "    always_changed: true", "frozen": "    frozen: true", "deploy": "    kind: deploy"}


def is_folder(path):
    return path.rsplit("/", 1)[-1][0] in "dwte"


# ---- what a command reads and writes, as shell and as bytes ----

def filtered(name, data):
    if name == "cat":
        return data[:CUT]
    if name == "sum":
        return hashlib.md5(data).hexdigest().encode() + b"  -\n"
    if name == "size":
        return b"%d\n" % len(data)
    if name == "params":
        return b"k: x" + hashlib.md5(data).hexdigest()[:1].encode() + b"\n"
    lines = data.split(b"\n")
    lines = lines[:-1] if lines[-1] == b"" else lines
    lines = [line[:2] for line in lines] if name == "few" else [line for line in lines if not line.startswith(b"#")]
    return b"".join(line + b"\n" for line in lines)


def names_of(spec, file, key):
    """The leaves that a declared parameter stands for; of a file that a stage makes, the one it has."""
    if file not in spec["params"]:
        return [key]
    groups = spec["params"][file]
    if key is not None and "." in key:
        return [key]
    return [f"{group}.{name}" for group in groups if key in (None, group) for name in groups[group]]


def param_commands(spec, file, key):
    for leaf in names_of(spec, file, key):
        name = leaf.rsplit(".", 1)[-1]
        if file.endswith(".json"):
            yield f"""sed -n 's/^  "{name}": //p' {file} | tr -d ',"'"""
        else:
            yield f"sed -n 's/^ *{name}: //p' {file}"


def param_values(spec, vfs, file, key):
    """leaf → text; None if the file or the key is not there."""
    if file in spec["params"]:
        groups = spec["params"][file]
        return {leaf: groups[leaf.split(".")[0]][leaf.split(".")[1]] for leaf in names_of(spec, file, key)}
    entry = vfs.get(file)
    if not entry or entry[0] != "f" or not entry[1].startswith(b"k: "):
        return None
    return {"k": entry[1][3:].decode().strip()}


def dep_commands(stage, dep):
    if is_folder(dep):
        yield (f"find -L {dep} -type f ! -name '*.pyc' | LC_ALL=C sort | "
               """while read -r f; do echo "$f"; cat "$f"; done""")
        return
    yield f"cat {dep}"
    if "xdep" in stage["flags"]:
        yield f"if [ -x {dep} ]; then echo x; fi"


def dep_bytes(stage, vfs, dep):
    real = resolve(vfs, dep)
    if is_folder(dep):
        files = sorted((name.encode(), data) for name, data in files_under(vfs, real, dep) if not name.endswith(".pyc"))
        return b"".join(name + b"\n" + data for name, data in files)
    _, data, executable = vfs[real] if vfs[real][0] == "f" else ("d", b"", True)  # cat says nothing of a folder
    return data + (b"x\n" if "xdep" in stage["flags"] and executable else b"")


def back_from(folder):
    """The way from a working directory to the root."""
    return "../" * (folder.count("/") + 1) if folder != "." else ""


def tool_command(tool):
    return f"cat ver/{tool} 2>/dev/null || echo none"


def tools_of(spec, stage):
    return list(dict.fromkeys([*spec["tools"], *stage["tools"]]))


def tool_output(vfs, tool):
    return vfs[f"ver/{tool}"][1].strip() if f"ver/{tool}" in vfs else b"none"


def variable(name, value, environ):
    """What the command sees; None: nothing."""
    return environ.get(name) if value is None else value


def commands_of(spec, stage):
    name, outs = stage["name"], stage["outs"]
    fail = f"[ ! -e fail/{name} ] || exit 3"
    if outs:
        junk = f"mkdir -p {outs[0]['path']}; echo junk > {outs[0]['path']}/junk" if outs[0]["tree"] else \
            f"echo junk > {outs[0]['path']}"
        fail = f"[ ! -e fail/{name} ] || {{ {junk}; exit 3; }}"
    commands = [fail]
    if stage["depfile"]:
        main = stage["deps"][0]
        commands.append(f'for f in $(cat {main}); do [ -f "$f" ] || exit 3; done')
        back = back_from(stage["wdir"])
        commands.append(f"""{{ printf 'out:'; for f in $(cat {main}); do printf ' {back}%s' "$f"; done; echo; }} """
                        f"> .d/{name}.d")
    for number, out in enumerate(outs):
        parts = [f"echo {stage['salt']} {number}"]
        parts += [f'echo "${{{each}-unset}}"' for each, _ in stage["env"]]
        parts += [f'echo "$({tool_command(tool)})"' for tool in stage["tools"]]
        for file, key in stage["params"]:
            parts += param_commands(spec, file, key)
        for dep in stage["deps"]:
            parts += dep_commands(stage, dep)
        if stage["depfile"]:
            parts.append(f'for f in $(cat {stage["deps"][0]}); do cat "$f"; done')
        commands.append(out_command(stage, out, f"{{ {'; '.join(parts)}; }} | "))
    if not outs:
        commands.append(f"echo {stage['salt']}; cat {' '.join(dep for dep in stage['deps'] if not is_folder(dep))} "
                        "< /dev/null || :")
    to_root = f"cd {back_from(stage['wdir'])[:-1]} && " if stage["wdir"] != "." else ""
    if "list" in stage["flags"]:
        return [f"{to_root}{{ {each}; }}" for each in commands]
    return [to_root + " && ".join(f"{{ {each}; }}" for each in commands)]


def out_command(stage, out, stream):
    path = out["path"]
    if out["persist"] or "deploy" in stage["flags"]:  # refit does not remove it
        stream = f"rm -rf {path} && {stream}"
    if not out["tree"]:
        text = stream + FILTERS[stage["filter"]] + f" > {path}"
        return text + (f" && case $(cut -c1 {path} | head -n1) in [0-7]) chmod +x {path};; esac" if out["x"] else "")
    text = (f"mkdir -p {path}/sub {path}/hole && {stream}{FILTERS[stage['filter']]} > {path}/a && : > {path}/none && "
            f"md5sum < {path}/a > {path}/sub/b && ln -s ../a {path}/sub/link && cp {path}/a {path}/x.pyc && "
            f"case $(cut -c1 {path}/sub/b) in [0-7]) cp {path}/a {path}/more; mkdir {path}/hollow;; esac")
    return text + (f" && chmod +x {path}/a" if out["x"] else "")


def includes_of(stage, vfs):
    """The files that a stage with a depfile finds; None if one is not there."""
    if not stage["depfile"]:
        return []
    words = vfs[stage["deps"][0]][1].decode().split()
    return words if all(vfs.get(word, "?")[0] == "f" for word in words) else None


def made_by(spec, stage, vfs, environ):
    """What the command makes: path → entry; None if it fails. All deps are there."""
    found = includes_of(stage, vfs)
    if f"fail/{stage['name']}" in vfs or found is None:
        return None
    made = {}
    for number, out in enumerate(stage["outs"]):
        data = b"%d %d\n" % (stage["salt"], number)
        for name, value in stage["env"]:
            seen = variable(name, value, environ)
            data += (b"unset" if seen is None else seen.encode()) + b"\n"
        data += b"".join(tool_output(vfs, tool) + b"\n" for tool in stage["tools"])
        for file, key in stage["params"]:
            values = param_values(spec, vfs, file, key)
            data += b"".join(values[leaf].encode() + b"\n" for leaf in names_of(spec, file, key))
        data += b"".join(dep_bytes(stage, vfs, dep) for dep in stage["deps"])
        data += b"".join(vfs[path][1] for path in found)
        made.update(out_entries(out, filtered(stage["filter"], data)))
    return made


def out_entries(out, data):
    path = out["path"]
    if not out["tree"]:
        return {path: ("f", data, bool(out["x"]) and data[:1] in tuple(b"%d" % n for n in range(8)))}
    digest = hashlib.md5(data).hexdigest()
    entries = {path: ("d",), f"{path}/sub": ("d",), f"{path}/hole": ("d",), f"{path}/a": ("f", data, bool(out["x"])),
               f"{path}/none": ("f", b"", False), f"{path}/sub/b": ("f", digest.encode() + b"  -\n", False),
               f"{path}/sub/link": ("l", "../a"), f"{path}/x.pyc": ("f", data, False)}
    if digest[0] in "01234567":
        entries.update({f"{path}/more": ("f", data, False), f"{path}/hollow": ("d",)})
    return entries


# ---- what is on disk ----

def below(vfs, path):
    return [each for each in vfs if each.startswith(path + "/")]


def resolve(vfs, path):
    """Where a path leads, all links followed; None if that is nothing."""
    done, todo, steps = [], path.split("/"), 0
    while todo:
        part, steps = todo.pop(0), steps + 1
        if part == "..":
            done = done[:-1]
            continue
        entry = vfs.get("/".join([*done, part]))
        if entry is None or steps > 50:
            return None
        if entry[0] == "l":
            todo = entry[1].split("/") + todo
        else:
            done.append(part)
    return "/".join(done)


def files_under(vfs, real, shown):
    """(name, bytes) of all files at and below a path, links followed."""
    if vfs[real][0] == "f":
        yield shown, vfs[real][1]
    for each in below(vfs, real):
        target = resolve(vfs, each) if "/" not in each[len(real) + 1:] else None
        if target:
            yield from files_under(vfs, target, shown + each[len(real):])


def tree_of(vfs, path):
    """An out as a value to compare: its bytes, executable bits, links, empty folders."""
    entry = vfs.get(path)
    if entry is None or entry[0] != "d":
        return entry
    inside = {each: vfs[each] for each in below(vfs, path)}
    parents = {each.rsplit("/", 1)[0] for each in inside}
    return ("d", frozenset((each, entry) for each, entry in inside.items() if entry != ("d",) or each not in parents))


def dep_of(vfs, path):
    """A dep as a value to compare: a link's text and what it leads to; of a folder what is in it, a link that leaves it
    with what it leads to, and one that comes back into it with where that is."""
    entry, real = vfs.get(path), resolve(vfs, path)
    text = entry[1] if entry and entry[0] == "l" else ""
    if vfs[real][0] != "d":
        return text, vfs[real]
    inside = {each[len(real):]: vfs[each] for each in below(vfs, real) if vfs[each] != ("d",)
              and not each.endswith(".pyc")}
    for name, value in inside.items():
        target = resolve(vfs, real + name)
        if value[0] == "l" and target and not target.startswith(real + "/"):
            inside[name] = (*value, dep_of(vfs, target))
        elif value[0] == "l" and target and os.path.normpath(f"{real}{name}/../{value[1]}") != target:
            inside[name] = (*value, target[len(real):])
    return text, ("d", frozenset(inside.items()))


def drop(vfs, path):
    for each in [path, *below(vfs, path)]:
        vfs.pop(each, None)


def put(vfs, path, value):
    drop(vfs, path)
    parts = path.split("/")
    for count in range(1, len(parts)):
        vfs.setdefault("/".join(parts[:count]), ("d",))
    vfs[path] = value if value[0] != "d" else ("d",)
    for each, entry in value[1] if value[0] == "d" else ():
        for count in range(path.count("/") + 1, each.count("/") + 1):
            vfs["/".join(each.split("/")[:count])] = ("d",)
        vfs[each] = entry


# ---- the graph ----

def touches(a, b):
    return a == b or a.startswith(b + "/") or b.startswith(a + "/")


def reads(stage):
    return [*stage["deps"], *(file for file, _ in stage["params"])]


def edges_of(spec):
    """name → the names right upstream of it."""
    stages = spec["stages"]
    return {stage["name"]: {other["name"] for other in stages if "frozen" not in stage["flags"] and (
        other["name"] in stage["needs"] or any(
            touches(out["path"], path) for out in other["outs"] for path in reads(stage)))} for stage in stages}


def order_of(spec):
    """The stages, upstream first; None if there is a cycle."""
    edges, done, order = edges_of(spec), set(), []
    while len(order) < len(spec["stages"]):
        ready = [stage for stage in spec["stages"] if stage["name"] not in done and edges[stage["name"]] <= done]
        if not ready:
            return None
        order += ready
        done |= {stage["name"] for stage in ready}
    return order


def closure(edges, names, down=False):
    seen, todo = set(names), list(names)
    while todo:
        name = todo.pop()
        near = [other for other in edges if name in edges[other]] if down else edges[name]
        todo += [other for other in near if other not in seen]
        seen |= set(near)
    return seen


def selection_of(spec, targets=(), words=()):
    """The names of the stages that a run concerns; None if it is refused: it follows a deploy that is not asked for."""
    edges = edges_of(spec)
    everything = {stage["name"] for stage in spec["stages"]}
    if not targets:
        chosen = everything
    elif "--single" in words:
        return set(targets)
    else:
        chosen = closure(edges, targets, down="--downstream" in words)
    if "--deploy" in words:
        return chosen
    held = closure(edges, {stage["name"] for stage in spec["stages"]
                           if "deploy" in stage["flags"] and stage["name"] not in targets}, down=True)
    return None if held & set(targets) else chosen - held


# ---- files ----

def manifest_of(spec):
    lines = [f"# note {spec['notes']}", "#" * spec["padding"]]
    if spec["tools"]:
        lines.append("tools: " + json.dumps([tool_command(tool) for tool in spec["tools"]]))
    lines.append("stages:" if spec["stages"] else "stages: {}")
    for stage in spec["stages"]:
        commands, wdir = commands_of(spec, stage), stage["wdir"]

        def seen(path, wdir=wdir):
            return os.path.relpath(path, wdir)

        text = json.dumps(commands if len(commands) > 1 else commands[0]).replace("${", "\\\\${")  # no template
        lines += [f"  {stage['name']}:", f"    cmd: {text}"]
        if stage["deps"]:
            lines.append("    deps: " + json.dumps([seen(dep) for dep in stage["deps"]]))
        if stage["params"]:
            lines.append("    params:")
            for file in dict.fromkeys(file for file, _ in stage["params"]):
                keys = [key for other, key in stage["params"] if other == file]
                lines.append(f"      - {seen(file)}: " + ("null" if None in keys else json.dumps(keys)))
        if stage["outs"]:
            lines.append("    outs:")
            lines += [f"      - {seen(out['path'])}: {{cache: {str(out['cache']).lower()}, persist: "
                      f"{str(out['persist']).lower()}}}" for out in stage["outs"]]
        if stage["needs"]:
            lines.append("    needs: " + json.dumps(stage["needs"]))
        if stage["depfile"]:
            lines.append("    depfile: " + seen(f".d/{stage['name']}.d"))
        if stage["env"]:
            lines.append("    env: " + json.dumps([name if value is None else f"{name}={value}"
                                                   for name, value in stage["env"]]))
        if stage["tools"]:
            lines.append("    tools: " + json.dumps([tool_command(tool) for tool in stage["tools"]]))
        if wdir != ".":
            lines.append(f"    wdir: {wdir}")
        lines += [line for flag, line in FLAGS.items() if flag in stage["flags"]]
    return ("\n".join(lines) + "\n").encode()


def params_text(file, groups, notes):
    if file.endswith(".json"):
        body = ",\n".join(f' "{group}": {{\n' + ",\n".join(f'  "{name}": {json_text(text)}' for name, text in
                          groups[group].items()) + "\n }" for group in groups)
        return f"{{\n{body}\n}}\n{' ' * (notes % 3)}".encode()
    lines = [f"# note {notes}"]
    for group in groups:
        lines += [f"{group}:", *(f"  {name}: {text}" for name, text in groups[group].items())]
    return ("\n".join(lines) + "\n").encode()


def json_text(text):
    return text if text in ("true", "false") or text[0].isdigit() else json.dumps(text)
