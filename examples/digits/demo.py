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
MADE = shutil.ignore_patterns("work", "models", "reports", "checks", "approvals", "releases", ".refit", "refit.lock",
                              "__pycache__")
PERSON = "ann@example.org"
POLICY = f"""\
repository: example/digits
protected: none
groups:
  leads: [{PERSON}]
gates:
  release: {{group: leads, need: 1, not_author: false}}
"""


class Demo:
    def __init__(self, refit, folder):
        self.refit = refit
        self.shown = Path(folder, "digits")
        self.checked = Path(folder, "checked")
        self.home = Path(folder, "home")
        self.home.mkdir()
        self.faults = 0
        for copy in (self.shown, self.checked):
            shutil.copytree(EXAMPLE, copy, ignore=MADE)

    def call(self, folder, *words, **options):
        # A store and a configuration of its own, whatever the user has: the first run is to be a cold one.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REFIT_")}
        environment["REFIT_STORE"] = str(folder / ".refit" / "store")
        environment["HOME"] = str(self.home)
        environment["XDG_CONFIG_HOME"] = str(self.home / ".config")
        return subprocess.run([self.refit, *words], cwd=folder, env=environment, **options)

    def say(self, text):
        print(f"\n# {text}", flush=True)

    def show(self, *words, status=0):
        print("$ refit", *words, flush=True)
        returned = self.call(self.shown, *words).returncode
        if returned != status:
            self.fault(f"`refit {' '.join(words)}` ended with {returned} and should with {status}")

    def run(self, *words, status=0, **expected):
        """`refit run`, shown and checked; counters that are not named should be 0."""
        self.show("run", *words, status=status)
        answer = self.call(self.checked, "run", "--json", *words, stdout=subprocess.PIPE, text=True)
        lines = answer.stdout.splitlines()
        last = json.loads(lines[-1]) if lines else {}
        if last.get("event") != "run_finished" or answer.returncode != status:
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

    def weigh(self, old, new):
        """How much an image of 2, 3 and 5 counts while learning."""
        for digit in (2, 3, 5):
            self.edit("params.yaml", f"\n  {digit}: {old}\n", f"\n  {digit}: {new}\n")

    def darken(self):
        """The table as a scanner would give it that sees two thirds of the light."""
        header, *rows = (EXAMPLE / "data" / "digits.csv").read_text().splitlines()
        dark = []
        for row in rows:
            *pixels, label = row.split(",")
            dark.append(",".join([*(str(int(pixel) * 2 // 3) for pixel in pixels), label]))
        text = "\n".join([header, *dark]) + "\n"
        for copy in (self.shown, self.checked):
            (copy / "data" / "digits.csv").write_text(text)

    def brighten(self):
        for copy in (self.shown, self.checked):
            shutil.copy(EXAMPLE / "data" / "digits.csv", copy / "data" / "digits.csv")

    def let_people_approve(self):
        """What a team has outside of its checkouts: a policy, who may sign, and a key for each of them."""
        trusted = self.home / "trusted"
        configuration = self.home / ".config" / "refit" / "config.yaml"
        for folder in (trusted, self.home / ".ssh", configuration.parent):
            folder.mkdir(parents=True)
        key = self.home / ".ssh" / "id_ed25519"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", PERSON, "-f", key], check=True)
        (trusted / "signers").write_text(f"{PERSON} {key.with_suffix('.pub').read_text()}")
        (trusted / "policy.yaml").write_text(POLICY)
        configuration.write_text(f"approvals:\n  policy: {trusted}/policy.yaml\n  signers: {trusted}/signers\n")

    def approve(self, *words):
        self.show("approve", *words)
        if self.call(self.checked, "approve", *words, stdout=subprocess.DEVNULL).returncode != 0:
            self.fault("the approval did not count")

    def fault(self, text):
        self.faults += 1
        print(f"demo.py: {text}", flush=True)

    def check_release(self):
        """`releases/current` is a link to a folder with the model, and earlier releases are still there."""
        current = self.shown / "releases" / "current"
        if not (current.is_symlink() and (current / "digits.json").is_file()):
            self.fault("releases/current does not lead to a model")


def run_and_rerun(demo):
    demo.say("A first run: everything but the deploy stage, in parallel.")
    demo.run(ran=8)
    demo.show("metrics")
    demo.say("Again: nothing has changed.")
    demo.run(fresh=8)
    demo.say("One hyperparameter changes in params.yaml: train.lr from 0.05 to 0.1.")
    demo.edit("params.yaml", "lr: 0.05", "lr: 0.1")
    demo.show("why", "train")
    demo.run(ran=4, fresh=4)
    demo.say("And back. Those results are known: they come from the store.")
    demo.edit("params.yaml", "lr: 0.1", "lr: 0.05")
    demo.run(restored=4, fresh=4)
    demo.say("A comment in src/split.py: split runs, the same bytes come out, and train stays fresh.")
    demo.edit("src/split.py", "import random\n", "import random  # for the sample\n")
    demo.run(ran=2, fresh=6)  # unittest reads split.py too
    demo.say("Deploy stages run only when asked for, and behind a gate that has passed.")
    demo.run("--deploy", ran=1, fresh=8)
    demo.check_release()


def catch_data(demo):
    demo.say("New data, of a darker scanner: it has drifted, and no model is trained on it. The run ends with 4.")
    demo.darken()
    demo.run(status=4, ran=1, blocked=1, skipped=5, fresh=1)
    demo.brighten()
    demo.run(restored=1, fresh=7)


def catch_models(demo):
    demo.say("2, 3 and 5 count a quarter while learning. The accuracy is above the 0.9 of the gate, and yet it fails.")
    demo.weigh("1", "0.25")
    demo.run("--deploy", status=4, ran=4, blocked=1, fresh=4)
    demo.show("metrics")
    demo.show("check", "model", "release", status=4)
    if shutil.which("ssh-keygen") is None or shutil.which("git") is None:
        demo.say("Approvals need ssh-keygen and git, which are not there.")
        return
    demo.say("They count a little more: neither good nor bad enough to be sure. It waits for people (exit 3).")
    demo.let_people_approve()
    demo.weigh("0.25", "0.3")
    demo.run("--deploy", status=3, ran=4, blocked=1, fresh=4)
    demo.approve("release", "--reason", "2, 3 and 5 are rare in our mail")
    demo.run("--deploy", ran=1, fresh=8)
    demo.show("approvals")


def main(refit):
    with tempfile.TemporaryDirectory(prefix="refit-demo-") as folder:
        demo = Demo(os.path.abspath(refit), folder)
        run_and_rerun(demo)
        catch_data(demo)
        catch_models(demo)
        demo.show("status")
        if demo.faults:
            raise SystemExit(f"demo.py: {demo.faults} faults")
        print("\n# The counters of all runs were as they should be.")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__.strip())
    main(sys.argv[1])
