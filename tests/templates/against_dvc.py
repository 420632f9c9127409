#!/usr/bin/env python3
"""Hold DVC itself to the table of cases, and print where it comes to something else.

    python3 tests/templates/against_dvc.py                   all of them; DVC is installed into build/dvc-venv first
    python3 tests/templates/against_dvc.py --filter foreach  cases by a word of their name

Each case is a repository of its own, read through `dvc.repo`: names are those of `dvc stage list`, commands are what
`dvc repro` runs and writes into dvc.lock. Exits with 1 if there is a disagreement that the case does not give a reason
for, or a reason where there is none.
"""
import argparse
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import compare
from cases import CASES

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / "build/dvc-venv"
VERSION = "3.67.1"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filter", default="", help="a word of the names")
    options = parser.parse_args()
    try:
        import dvc.repo  # noqa: F401
    except ImportError:
        return enter_venv()
    logging.disable(logging.CRITICAL)
    cases = [case for case in CASES if options.filter in case["name"]]
    disagreements = reasons = 0
    for case in cases:
        fault = disagreement(case)
        if fault and case["differs"]:
            reasons += 1
            print(f"differs: {case['name']}: {case['differs']}")
        elif fault or case["differs"]:
            disagreements += 1
            print(f"DISAGREES: {case['name']}: {fault or 'DVC does the same, so there is no reason to give'}\n"
                  f"{compare.shown(case)}")
    import dvc
    print(f"{len(cases)} cases against DVC {dvc.__version__}: {disagreements} disagreements, {reasons} with a reason")
    return 1 if disagreements else 0


def enter_venv():
    python = VENV / "bin/python"
    if Path(sys.prefix) == VENV:
        sys.exit("against_dvc.py: DVC cannot be imported from its own environment; remove build/dvc-venv")
    if not python.exists():
        print(f"installing DVC {VERSION} into {VENV.relative_to(ROOT)}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    if subprocess.run([python, "-c", "import dvc.repo"], stderr=subprocess.DEVNULL).returncode != 0:
        subprocess.run([VENV / "bin/pip", "install", "--quiet", f"dvc=={VERSION}"], check=True)
    os.execv(python, [python, *sys.argv])


def disagreement(case):
    """How DVC differs from the case, in words; "" = it does not."""
    with tempfile.TemporaryDirectory(prefix="refit-cases-") as folder:
        for name, text in compare.files_of(case, "dvc.yaml").items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        here = os.getcwd()
        os.chdir(folder)
        try:
            stages = load_stages(folder)
        except Exception as error:  # whatever DVC ends with, it does not accept the case
            return "" if case["fails"] else f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        finally:
            os.chdir(here)
    if case["fails"]:
        return f"accepted: {stages}"
    return compare.difference(case, stages)


def load_stages(folder):
    from dvc.repo import Repo
    with open(os.devnull, "w") as quiet:
        kept, sys.stdout = sys.stdout, quiet
        try:
            Repo.init(folder, no_scm=True).close()
        finally:
            sys.stdout = kept
    with Repo(folder) as repo:
        return {stage.name: describe(stage, folder) for stage in repo.index.stages}


def describe(stage, folder):
    wdir = os.path.relpath(stage.wdir, folder)

    def place(entry):
        return os.path.normpath(os.path.join(wdir, str(entry.def_path)))

    def keys(entry):
        return list(entry.params) or None

    params = [dep for dep in stage.deps if hasattr(dep, "params")]
    lines = stage.cmd.splitlines() if isinstance(stage.cmd, str) and "\n" in stage.cmd else [stage.cmd]
    return {
        "cmd": stage.cmd if isinstance(stage.cmd, list) else [line for line in lines if line],
        "wdir": wdir,
        "deps": [place(dep) for dep in stage.deps if dep not in params],
        "outs": [place(out) for out in stage.outs],
        "params": {place(dep): keys(dep) for dep in params},
    }


if __name__ == "__main__":
    sys.exit(main())
