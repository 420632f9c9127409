"""A workspace under test: its files, changed only through here so that a shell script can repeat what was done."""
import base64
import gzip
import os
import shlex
import shutil
import stat

from forecast import Known
from harness import Project
from pipeline import below, drop, manifest_of, params_text, tool_output, tools_of

OWN = {".refit", ".d", "refit.lock", "refit.yaml"}


def entries_of(root, without):
    """path → entry, of everything in a folder but some names."""
    found = {}
    todo = [("", root)]
    while todo:
        prefix, folder = todo.pop()
        for item in os.scandir(folder):
            name = prefix + item.name
            if name in without:
                continue
            if item.is_symlink():
                found[name] = ("l", os.readlink(item.path))
            elif item.is_dir():
                found[name] = ("d",)
                todo.append((name + "/", item.path))
            else:
                with open(item.path, "rb") as file:
                    found[name] = ("f", file.read(), bool(item.stat().st_mode & stat.S_IXUSR))
    return found


class Workspace:
    def __init__(self, base, name, script):
        self.project = Project(base=base, name=name)
        self.root, self.name, self.script = str(self.project.root), name, script
        self.known = Known()
        self.asked = {}  # tool → what it printed when it was asked last
        self.published = None  # the store that knows what this workspace's refit.lock names
        self.spec = None
        self.say(f"mkdir -p {name}")

    def say(self, line):
        self.script.append(line)

    def shell(self, text):
        self.say(f"(cd {self.name} && {text})")

    def use_store(self, store):
        if store:
            self.project.environment["REFIT_STORE"] = os.path.join(self.project.base, store)

    def set_variable(self, name, value):
        """In the environment that refit is started with; None takes it out."""
        for environ in (self.known.environ, self.project.environment):
            environ.pop(name, None)
            if value is not None:
                environ[name] = value

    def say_refit(self, words, note=""):
        sets = "".join(f"{name}={shlex.quote(value)} " for name, value in sorted(self.known.environ.items()))
        self.shell(f"{sets}refit {' '.join(words)}{note}")

    def lose_state(self):
        self.remove(".refit/state")
        self.known.memory.clear()
        self.asked.clear()

    def note_tools(self, vfs, names):
        for stage in self.spec["stages"]:
            if stage["name"] in names and "frozen" not in stage["flags"]:
                self.asked.update((tool, tool_output(vfs, tool)) for tool in tools_of(self.spec, stage))

    def knows_tools(self, vfs):
        """Commands that only look do not ask again."""
        return all(self.asked.get(tool) == tool_output(vfs, tool)
                   for stage in self.spec["stages"] for tool in tools_of(self.spec, stage))

    def move(self, name):
        """The whole folder, to another place."""
        self.say(f"mv {self.name} {name}")
        root = os.path.join(os.path.dirname(self.root), name)
        os.rename(self.root, root)
        self.project.root, self.root, self.name = type(self.project.root)(root), root, name

    def path(self, name):
        return os.path.join(self.root, name)

    # ---- reading ----

    def scan(self):
        """path → entry, of everything that is not refit's own."""
        return entries_of(self.root, OWN)

    def sources(self):
        """What no stage makes."""
        vfs = self.scan()
        for stage in self.spec["stages"]:
            for out in stage["outs"]:
                drop(vfs, out["path"])
        return {path: entry for path, entry in vfs.items() if entry != ("d",)}

    def rescued(self):
        """The contents of what was moved out of the way."""
        found = set()
        for folder, _, names in os.walk(self.path(".refit/rescue")):
            for path in (os.path.join(folder, name) for name in names):
                if not os.path.islink(path):
                    with open(path, "rb") as file:
                        found.add(file.read())
        return found

    # ---- writing ----

    def write(self, name, data, executable=False, keep_times=False):
        """In place. With keep_times the modification time is put back, as careful copying does."""
        path = self.path(name)
        self.clear_parents(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.isdir(path) and not os.path.islink(path):
            self.remove(name)
        times = os.stat(path) if keep_times and os.path.exists(path) else None
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o755 if executable else 0o644)
        if times:
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        quoted = shlex.quote(name)
        text = f"mkdir -p {shlex.quote(os.path.dirname(name) or '.')}; "
        text += f"touch -r {quoted} ../times; " if times else ""
        text += f"{literal(data)} > {quoted}; chmod {755 if executable else 644} {quoted}"
        self.shell(text + (f"; touch -r ../times {quoted}" if times else ""))

    def link(self, name, text):
        self.remove(name)
        self.clear_parents(name)
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        os.symlink(text, self.path(name))
        self.shell(f"mkdir -p {shlex.quote(os.path.dirname(name) or '.')}; ln -s {text} {shlex.quote(name)}")

    def clear_parents(self, name):
        parts = name.split("/")
        for count in range(1, len(parts)):
            parent = "/".join(parts[:count])
            if os.path.lexists(self.path(parent)) and not os.path.isdir(self.path(parent)):
                self.remove(parent)

    def remove(self, name):
        path = self.path(name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)
        self.shell(f"rm -rf {shlex.quote(name)}")

    def rename(self, old, new):
        os.makedirs(os.path.dirname(self.path(new)), exist_ok=True)
        os.rename(self.path(old), self.path(new))
        self.shell(f"mkdir -p {os.path.dirname(new) or '.'}; mv {shlex.quote(old)} {shlex.quote(new)}")

    def make_folder(self, name):
        os.makedirs(self.path(name), exist_ok=True)
        self.shell(f"mkdir -p {name}")

    def chmod(self, name, mode):
        os.chmod(self.path(name), mode)
        self.shell(f"chmod {mode:o} {shlex.quote(name)}")

    def touch(self, name, seconds):
        when = os.stat(self.path(name)).st_mtime_ns + seconds * 1_000_000_000
        os.utime(self.path(name), ns=(when, when))
        self.shell(f"touch -d @{when / 1e9:.3f} {shlex.quote(name)}")

    def write_declared(self, keep_times=False):
        """refit.yaml and the parameter files, where they differ from what the spec says."""
        wanted = {"refit.yaml": manifest_of(self.spec)}
        wanted.update({file: params_text(file, groups, self.spec["notes"])
                       for file, groups in self.spec["params"].items()})
        for name, data in wanted.items():
            try:
                with open(self.path(name), "rb") as file:
                    same = file.read() == data
            except OSError:
                same = False
            if not same:
                self.write(name, data, keep_times=keep_times)

    def take(self, spec, sources, clean):
        """Become what was: the sources, and nothing else where `clean` says so."""
        now = self.sources()
        self.spec = spec
        for path in sorted(now):
            if clean and path not in sources:
                self.remove(path)
        for path, entry in sorted(sources.items()):
            if now.get(path) != entry and entry[0] == "f":
                self.write(path, entry[1], entry[2])
            elif now.get(path) != entry:
                self.link(path, entry[1])
        self.write_declared()

    def declared_outs(self, vfs):
        return {path for stage in self.spec["stages"] for out in stage["outs"]
                for path in [out["path"], *below(vfs, out["path"])] if path in vfs}


def literal(data):
    text = data.decode("latin-1")
    if len(data) < 20000 and text.isascii() and text.replace("\n", "").isprintable():
        return f"printf %s {shlex.quote(text)}"
    return f"echo {base64.b64encode(gzip.compress(data, mtime=0)).decode()} | base64 -d | gzip -d"
