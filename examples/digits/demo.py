#!/usr/bin/env python3
"""Show refit on this example: python3 demo.py PATH/TO/refit

Each step is done in two copies of the example, both in temporary folders: in the first for the eye, in the second with
--json, where the counters of the run are compared with what they should be. Exits 1 if one differs.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent
COUNTERS = ("fresh", "restored", "ran", "failed", "blocked", "skipped")
MADE = shutil.ignore_patterns("work", "models", "reports", "releases", ".refit", "refit.lock", "__pycache__")


class Demo:
    def __init__(self, refit, folder):
        self.refit = refit
        self.shown = Path(folder, "digits")
        self.checked = Path(folder, "checked")
        self.faults = 0
        for copy in (self.shown, self.checked):
            shutil.copytree(EXAMPLE, copy, ignore=MADE)

    def call(self, folder, *words, **options):
        # A store of its own for each copy, whatever the user has configured: the first run is to be a cold one.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REFIT_")}
        environment["REFIT_STORE"] = str(folder / ".refit" / "store")
        return subprocess.run([self.refit, *words], cwd=folder, env=environment, **options)

    def say(self, text):
        print(f"\n# {text}", flush=True)

    def show(self, *words):
        print("$ refit", *words, flush=True)
        if self.call(self.shown, *words).returncode != 0:
            self.fault(f"`refit {' '.join(words)}` failed")

    def run(self, *words, **expected):
        """`refit run`, shown and checked; counters that are not named should be 0."""
        self.show("run", *words)
        answer = self.call(self.checked, "run", "--json", *words, stdout=subprocess.PIPE, text=True)
        lines = answer.stdout.splitlines()
        last = json.loads(lines[-1]) if lines else {}
        if last.get("event") != "run_finished" or answer.returncode != 0:
            self.fault(f"`refit run --json` ended with {answer.returncode} and {last}")
            return
        for counter in COUNTERS:
            if last[counter] != expected.get(counter, 0):
                self.fault(f"{counter} is {last[counter]} and should be {expected.get(counter, 0)}")

    def edit(self, name, old, new):
        """Replace a piece of text, in both copies."""
        for copy in (self.shown, self.checked):
            text = (copy / name).read_text()
            if text.count(old) != 1:
                raise SystemExit(f"demo.py: `{old}` is not once in {name}")
            (copy / name).write_text(text.replace(old, new))

    def fault(self, text):
        self.faults += 1
        print(f"demo.py: {text}", flush=True)

    def check_release(self):
        """`releases/current` is a link to a folder with the model, and earlier releases are still there."""
        current = self.shown / "releases" / "current"
        if not (current.is_symlink() and (current / "digits.json").is_file()):
            self.fault("releases/current does not lead to a model")


def main(refit):
    with tempfile.TemporaryDirectory(prefix="refit-demo-") as folder:
        demo = Demo(os.path.abspath(refit), folder)
        demo.say("A first run: everything but the deploy stage, in parallel.")
        demo.run(ran=5)
        demo.show("metrics")
        demo.say("Again: nothing has changed.")
        demo.run(fresh=5)
        demo.say("One hyperparameter changes in params.yaml: train.lr from 0.05 to 0.1.")
        demo.edit("params.yaml", "lr: 0.05", "lr: 0.1")
        demo.show("why", "train")
        demo.run(ran=2, fresh=3)
        demo.say("And back. Those results are known: they come from the store.")
        demo.edit("params.yaml", "lr: 0.1", "lr: 0.05")
        demo.run(restored=2, fresh=3)
        demo.say("A comment in src/split.py: split runs, the same bytes come out, and train stays fresh.")
        demo.edit("src/split.py", "import random\n", "import random  # for the sample\n")
        demo.run(ran=2, fresh=3)  # unittest reads split.py too
        demo.say("Deploy stages run only when asked for.")
        demo.run("--deploy", ran=1, fresh=5)
        demo.check_release()
        demo.show("status")
        if demo.faults:
            raise SystemExit(f"demo.py: {demo.faults} faults")
        print("\n# The counters of all runs were as they should be.")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__.strip())
    main(sys.argv[1])
