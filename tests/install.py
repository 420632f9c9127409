#!/usr/bin/env python3
"""Install refit.

    python3 tests/install.py REFIT PREFIX

REFIT is the program that was built. It goes to PREFIX/bin, the rules (to be read: the program has its own) and the JSON
Schema of refit.yaml to PREFIX/share/refit, and shell completion to where bash, zsh and fish look for it. With DESTDIR
in the environment, everything goes below that folder.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPLETIONS = {
    "bash": "share/bash-completion/completions/refit",
    "zsh": "share/zsh/site-functions/_refit",
    "fish": "share/fish/vendor_completions.d/refit.fish",
}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    program = Path(sys.argv[1]).resolve()
    if not os.access(program, os.X_OK) or not program.is_file():
        sys.exit(f"install.py: {program} is not there; build it first with `ninja`")
    target = destination(sys.argv[2])
    try:
        install(program, target)
    except OSError as error:
        sys.exit(f"install.py: {error.strerror}: {error.filename}; "
                 "choose another folder with `python3 configure.py --prefix DIR`, or install as root")


def destination(prefix):
    """The prefix, below DESTDIR if that is set."""
    prefix = Path(os.path.abspath(os.path.expanduser(prefix)))
    staging = os.environ.get("DESTDIR", "")
    return Path(os.path.abspath(staging)) / prefix.relative_to("/") if staging else prefix


def install(program, target):
    put(target / "bin/refit", program.read_bytes(), 0o755)
    for rule in sorted(ROOT.glob("rules/*.yaml")):
        put(target / "share/refit/rules" / rule.name, rule.read_bytes(), 0o644)
    put(target / "share/refit/refit.schema.json", (ROOT / "docs/refit.schema.json").read_bytes(), 0o644)
    for shell, path in COMPLETIONS.items():
        script = subprocess.run([program, "completion", shell], check=True, stdout=subprocess.PIPE).stdout
        put(target / path, script, 0o644)


def put(path, content, mode):
    """Write a file whole or not at all, so that a running program can be replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".refit-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    print(path)


if __name__ == "__main__":
    main()
