#!/usr/bin/env python3
"""Hold refit to DVC on whole projects.

    python3 tests/dvc/against_dvc.py                  install DVC from PyPI into build/dvc-venv, if it is not there
    python3 tests/dvc/against_dvc.py --filter several --dvc /usr/bin/dvc

Each project of projects.py is built by `dvc repro` and, in a copy without anything that DVC made, by `refit`: stages,
their commands, deps, outs and parameters, and the bytes of all outs must be the same. Then, where DVC built it, `refit
migrate` must leave nothing to do, nor must `dvc status` afterwards; and the refit.yaml gives what the dvc.yaml gave.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from projects import PROJECTS

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / "build/dvc-venv"
VERSION = "3.67.1"
REFIT = ROOT / "build/refit"
ALWAYS = ("wdir", "deps", "outs", "params")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filter", default="", help="a word of the names")
    parser.add_argument("--dvc", help="the program to hold refit to")
    options = parser.parse_args()
    dvc = options.dvc or install()
    names = [name for name in PROJECTS if options.filter in name]
    faults = 0
    for name in names:
        with tempfile.TemporaryDirectory(prefix="refit-dvc-") as folder:
            try:
                compare(Path(folder), PROJECTS[name], dvc)
                print(f"same: {name}", flush=True)
            except Fault as fault:
                faults += 1
                print(f"DIFFERS: {name}: {fault}", flush=True)
    version = subprocess.run([dvc, "--version"], capture_output=True, text=True).stdout.strip()
    print(f"{len(names)} projects against DVC {version}: {faults} differ")
    return 1 if faults else 0


class Fault(Exception):
    pass


def install():
    program = VENV / "bin/dvc"
    if not program.exists():
        print(f"installing DVC {VERSION} into {VENV.relative_to(ROOT)}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([VENV / "bin/pip", "install", "--quiet", f"dvc=={VERSION}"], check=True)
    return str(program)


class Place:
    """A folder with a project in it, and the programs to run there."""

    def __init__(self, root, dvc):
        self.root, self.dvc_program = root, dvc
        home = root.parent / "home"
        home.mkdir(exist_ok=True)
        self.environment = {**os.environ, "HOME": str(home), "DVC_NO_ANALYTICS": "1", "SHELL": "/bin/sh",
                            "XDG_CONFIG_HOME": str(home), "DVC_SITE_CACHE_DIR": str(home / "site")}
        self.environment.pop("REFIT_STORE", None)

    def call(self, *words):
        done = subprocess.run(words, cwd=self.root, env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip()[-1500:]
            raise Fault(f"{' '.join(map(str, words))} ends with {done.returncode}: {said}")
        return done.stdout

    def dvc(self, *words):
        return self.call(self.dvc_program, *words)

    def refit(self, *words):
        return self.call(REFIT, *words)

    def stages(self):
        """name → what it is, as refit sees it."""
        return {stage["name"]: stage for stage in json.loads(self.refit("graph", "--json"))["stages"]}


def compare(folder, project, dvc):
    theirs, ours = Place(folder / "theirs", dvc), Place(folder / "ours", dvc)
    write(theirs.root, project)
    theirs.call("git", "init", "-q")
    theirs.dvc("init", "-q")
    for path, text in project.items():
        if path == ".dvcignore":  # `dvc init` wrote its own
            (theirs.root / path).write_text(text)
    for path in project.get("add", []):
        theirs.dvc("add", path)
    shutil.copytree(theirs.root, ours.root)
    theirs.dvc("repro", "--all-pipelines")
    ours.refit("run")
    locked = read_locks(theirs, dvc)
    stages = {name: stage for name, stage in ours.stages().items() if stage["cmd"]}
    same("names of stages", sorted(stages), sorted(locked))
    for name, stage in stages.items():
        for part, expected in locked[name].items():
            same(f"`{part}` of {name}", stage[part], expected)
    for stage in ours.stages().values():
        for out in stage["outs"]:
            same(f"what is in {out}", contents(ours.root / out), contents(theirs.root / out))
    check_migration(theirs, stages)


def check_migration(place, before):
    mine = {path: path.read_bytes() for path in place.root.rglob("*") if path.is_file() and is_of_dvc(path, place.root)}
    places = {name: [stage[part] for part in ALWAYS] + [stage["cmd"]] for name, stage in before.items()}
    report = json.loads(place.refit("migrate", "--json"))
    names = {stage["was"]: stage["name"] for stage in report["stages"]}
    after = place.stages()
    for name, parts in places.items():
        stage = after[names[name]]
        same(f"{name} in refit.yaml", [stage[part] for part in ALWAYS] + [stage["cmd"]], parts)
    left = {stage["name"]: stage["reason"] for stage in report["stages"] if stage["reason"]}
    same("what was not taken over", left, {})
    verdicts = {stage["name"]: stage["verdict"] for stage in json.loads(place.refit("status", "--json"))["stages"]}
    same("what is left to do", {name: each for name, each in verdicts.items() if each != "fresh"}, {})
    place.refit("run")
    same("what DVC has", {path: path.read_bytes() for path in mine}, mine)
    same("what DVC would do", "up to date" in place.dvc("status"), True)


def is_of_dvc(path, root):
    within = path.relative_to(root)
    return path.name in ("dvc.yaml", "dvc.lock", ".dvcignore") or path.suffix == ".dvc" or \
        (within.parts[0] == ".dvc" and within.parts[1] in ("cache", "config", "config.local"))


def same(what, got, wanted):
    if got != wanted:
        raise Fault(f"{what}: {short(got)} instead of {short(wanted)}")


def short(value):
    text = repr(value)
    return text if len(text) < 600 else text[:600] + "..."


def write(root, project):
    for name, text in project.items():
        if name != "add":
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))


def contents(path):
    if path.is_dir():
        return {str(each.relative_to(path)): each.read_bytes() for each in path.rglob("*") if each.is_file()}
    return path.read_bytes() if path.exists() else None


# Asked of DVC itself, in the Python that it is installed for.
ASK = """
import json, os, sys
from dvc.repo import Repo
def place(stage, entry):
    return os.path.normpath(os.path.join(os.path.relpath(stage.wdir), str(entry.def_path)))
found = {}
with Repo(".") as repo:
    for stage in repo.index.stages:
        if not stage.cmd:
            continue
        params = [dep for dep in stage.deps if hasattr(dep, "params")]
        lines = stage.cmd if isinstance(stage.cmd, list) else [each for each in stage.cmd.splitlines() if each.strip()]
        found[stage.addressing] = {
            "cmd": lines,
            "wdir": os.path.relpath(stage.wdir),
            "deps": [place(stage, dep) for dep in stage.deps if dep not in params],
            "outs": [place(stage, out) for out in stage.outs],
            "params": {place(stage, dep): list(dep.params) or None for dep in params},
        }
print(json.dumps(found))
"""


def read_locks(place, dvc):
    return json.loads(place.call(Path(dvc).parent / "python", "-c", ASK))


if __name__ == "__main__":
    sys.exit(main())
