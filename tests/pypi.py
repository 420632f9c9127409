#!/usr/bin/env python3
"""The virtual environment with what some tests need from PyPI. It is made once, in build/, and kept.

    python3 tests/pypi.py        make it unless it is there, and print the path of its interpreter
"""
import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["duckdb", "ipykernel", "jsonschema", "mpmath", "nbconvert", "papermill", "pyarrow", "pytest", "PyYAML",
            "scikit-learn", "statsmodels"]


class Unavailable(Exception):
    """There is no PyPI here, or nothing there for this Python."""


def interpreter():
    """The path of its Python. Others that ask at the same time wait for it."""
    digest = hashlib.sha256("\n".join([sys.version, sys.executable, *PACKAGES]).encode()).hexdigest()[:12]
    folder = ROOT / "build/venv" / digest
    python = folder / "bin/python"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            make(folder, python)
            (folder / "complete").touch()
    return python


def make(folder, python):
    shutil.rmtree(folder, ignore_errors=True)
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    for command in ([sys.executable, "-m", "venv", folder],
                    [python, "-m", "pip", "install", *quiet, "--prefer-binary", *PACKAGES]):
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode != 0:
            said = (answer.stderr or answer.stdout).strip().splitlines()
            raise Unavailable(f"no virtual environment: {said[-1] if said else command}")


if __name__ == "__main__":
    try:
        print(interpreter())
    except Unavailable as error:
        sys.exit(f"pypi.py: {error}")
