#!/usr/bin/env python3
"""Random projects under random changes: what refit leaves on disk is always what a clean build would make, and it
executes exactly what was never executed before with this store.

    PYTHONPATH=tests/e2e python3 tests/random/soundness.py --sequences 100         chance decides; the seed is printed
    PYTHONPATH=tests/e2e python3 tests/random/soundness.py --seed 7 --sequences 1  the same again

A sequence is a project of 5 to 15 stages and a number of steps; a step changes a few things, then runs refit in one of
many ways. pipeline.py predicts each run from what is on disk and the keys executed before. A sequence that fails is
made smaller, first by steps, then by stages, and printed as a shell script. The program is $REFIT.
"""
import argparse
import copy
import os
import random
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402
from edits import change_something, is_valid, new_sources, new_spec, new_stage, tidy  # noqa: E402
from harness import expect  # noqa: E402
from pipeline import closure, edges_of, predict, put, tree_of  # noqa: E402
from workspace import Workspace  # noqa: E402

GOOD = ("fresh", "restored", "ran")
RACY_S = 2.2  # a digest is not believed by the next run if the file was changed less than 2 s before
VERDICTS = {"fresh": "fresh", "restored": "would restore", "ran": "would run"}


class Sequence:
    """One project, its store, and what the store should know."""

    def __init__(self, seed, dropped=()):
        self.seed, self.script, self.counts = seed, [], {"runs": 0, "commands": 0}
        self.base = tempfile.mkdtemp(prefix="refit-random-")
        chance = random.Random(f"{seed}/project")
        self.store = os.path.join(self.base, "store") if chance.random() < 0.7 else None
        if self.store:
            self.script.append("export REFIT_STORE=$PWD/store")
        self.records = {}  # key → {found: outs}
        self.past = []     # (spec, sources)
        first = Workspace(self.base, "one", self.script, self.store)
        self.spaces = [first]
        self.fill(chance, first, dropped)

    def fill(self, chance, ws, dropped):
        spec, sources = new_spec(chance), new_sources(chance)
        vfs = {path: ("f", data, False) for path, data in sources.items()}
        for path in list(vfs):
            put(vfs, path, vfs[path])
        for number in range(chance.randint(5, 15)):
            stage = new_stage(chance, spec, vfs, number)
            trial = copy.deepcopy(spec)
            trial["stages"].append(copy.deepcopy(stage))
            tidy(trial, vfs)
            spec = trial if is_valid(trial) else spec
        spec["stages"] = [stage for stage in spec["stages"] if stage["name"] not in dropped]
        tidy(spec, vfs)
        ws.spec = spec
        for path, data in sources.items():
            ws.write(path, data)
        ws.write_declared()
        self.names = [stage["name"] for stage in spec["stages"]]

    def finish(self):
        harness.calls.clear()
        shutil.rmtree(self.base, ignore_errors=True)

    # ---- one step ----

    def step(self, number):
        chance = random.Random(f"{self.seed}/{number}")
        ws = chance.choice(self.spaces)
        self.script.append(f"# step {number}")
        if chance.random() < 0.05:
            self.rest(ws)
        if number > 0:
            self.travel(chance, ws)
        self.past.append((copy.deepcopy(ws.spec), ws.sources()))
        mode = chance.choices(["full", "stop", "targets", "single", "downstream", "force", "kill", "both", "none"],
                              [60, 10, 10, 3, 4, 3, 4, 4, 5])[0]
        if mode == "none":
            return
        if chance.random() < 0.25:
            self.check_plan(ws)
        jobs = f"-j{chance.randint(1, 8)}"
        if mode == "both" and len(self.spaces) == 2:
            self.run_both(jobs)
        elif mode == "kill":
            self.kill(chance, ws, jobs)
            self.run(ws, [jobs, "-k", "0"], killed=True)
        elif mode in ("targets", "single", "downstream") and ws.spec["stages"]:
            self.run_part(chance, ws, mode, jobs)
        elif mode == "stop":
            self.run(ws, [jobs], stops=True)
        elif mode == "force":
            self.run(ws, [jobs, "-k", "0", "-B"], force=True)
        else:
            self.run(ws, [jobs, "-k", "0"])
            again = self.run(ws, [jobs, "-k", "0"])
            for stage in ws.spec["stages"]:
                idle = stage["outs"] or stage["deps"] or stage["params"]
                expect(again.get(stage["name"]) in ("fresh", "failed", "skipped") or "always" in stage["flags"]
                       or not idle, f"a second run has to do {stage['name']}")

    def rest(self, ws):
        """Until what is known of the files is believed by later runs too."""
        time.sleep(RACY_S)
        self.script.append(f"sleep {RACY_S}")
        self.run(ws, ["-j2", "-k", "0"])

    def travel(self, chance, ws):
        """What changes before the run: edits, an earlier state of everything, a clone."""
        kind = chance.random()
        if kind < 0.17 and self.past:
            spec, sources = chance.choice(self.past)
            self.script.append(f"# {ws.name}: everything as it was")
            ws.take(copy.deepcopy(spec), sources, chance.random() < 0.5)
        elif kind < 0.23 and self.store and len(self.spaces) == 1:
            clone = Workspace(self.base, "two", self.script, self.store)
            clone.spec = ws.spec
            clone.take(copy.deepcopy(ws.spec), ws.sources(), True)
            if os.path.exists(ws.path("refit.lock")):
                shutil.copy(ws.path("refit.lock"), clone.path("refit.lock"))
                self.script.append("cp one/refit.lock two/refit.lock")
            self.spaces.append(clone)
        else:
            for _ in range(chance.choice([1, 1, 2, 2, 3])):
                change_something(chance, ws)

    # ---- running, and what must be true of it ----

    def say_run(self, ws, words, note=""):
        ws.shell(f"refit {' '.join(words)}{note}")

    def run_part(self, chance, ws, mode, jobs):
        stages = chance.sample(ws.spec["stages"], min(len(ws.spec["stages"]), chance.randint(1, 2)))
        words = [stage["outs"][0]["path"] if stage["outs"] and chance.random() < 0.3 else stage["name"]
                 for stage in stages]
        names, edges = {stage["name"] for stage in stages}, edges_of(ws.spec)
        if mode == "targets":
            self.run(ws, [jobs, "-k", "0", *words], closure(edges, names))
        elif mode == "single":
            self.run(ws, [jobs, "-k", "0", "--single", *words], names)
        else:
            self.run(ws, [jobs, "-k", "0", "--downstream", *words], closure(edges, names, down=True))

    def predict(self, ws, before, selected=None, force=False):
        names = {stage["name"] for stage in ws.spec["stages"]} if selected is None else selected
        return predict(ws.spec, before, self.records, ws.memory, names, force)

    def run(self, ws, words, selected=None, force=False, stops=False, killed=False):
        before, rescued = ws.scan(), ws.rescued()
        forecasts = self.predict(ws, before, selected, force)
        self.say_run(ws, ["run", *words])
        result = ws.project.refit("run", "--json", *words, exit=None)
        states = self.check_states(ws, result, forecasts, stops=stops, killed=killed)
        self.settle(ws, forecasts, states)
        self.check_disk(ws, before, forecasts, states, None if killed else rescued)
        return states

    def check_states(self, ws, result, forecasts, stops=False, killed=False, shared=False):
        """What refit says of each stage is what was predicted."""
        self.counts["runs"] += 1
        states = result.states
        self.counts["commands"] += list(states.values()).count("ran")
        expect(set(states) == set(forecasts),
               f"{ws.name}: stages in the report: expected {sorted(forecasts)}, got {sorted(states)}")
        fails = [name for name, each in forecasts.items() if each.state == "failed"]
        for stage in ws.spec["stages"]:
            name = stage["name"]
            if name not in forecasts:
                continue
            allowed = {forecasts[name].state}
            if stops and fails:
                allowed.add("skipped")
            always = "always" in stage["flags"] or not (stage["outs"] or stage["deps"] or stage["params"])
            if killed and not always and forecasts[name].state in GOOD:
                allowed |= {"fresh", "restored"}
                # What the killed run's command left may look like what was there before; its attempt counts as failed.
                allowed |= {"ran"} if any(out["persist"] for out in stage["outs"]) else set()
            if shared and not always and forecasts[name].state == "ran":
                allowed |= {"fresh", "restored"}
            expect(states[name] in allowed, f"{ws.name}: {name}: expected {' or '.join(sorted(allowed))}, "
                   f"got {states[name]} ({result.reasons[name]})")
        if fails:
            expect("failed" in states.values() and result.code in (1, 2), f"{ws.name}: exit status {result.code}")
        else:
            expect(result.code == 0, f"{ws.name}: exit status {result.code} although nothing fails")
        return states

    def settle(self, ws, forecasts, states):
        """What store and workspace know now."""
        for name, each in forecasts.items():
            if states[name] in GOOD:
                self.records.setdefault(each.key, {})[each.found] = each.outs
                ws.memory[name] = (each.key, each.outs, each.found, True)
            elif states[name] == "failed" and each.key is not None and name in ws.memory:
                ws.memory[name] = (*ws.memory[name][:3], False)

    def check_disk(self, ws, before, forecasts, states, rescued):
        after, expected = ws.scan(), dict(before)
        persist = set()
        for stage in ws.spec["stages"]:
            name = stage["name"]
            if name not in states or states[name] == "skipped":
                continue
            for out in stage["outs"]:
                path = out["path"]
                if states[name] in GOOD:
                    put(expected, path, forecasts[name].outs[path])
                elif out["persist"]:
                    persist.add(path)
                elif forecasts[name].key is not None:
                    for each in [each for each in expected if each == path or each.startswith(path + "/")]:
                        del expected[each]
        for path in sorted(set(after) | set(expected)):
            if after.get(path) != expected.get(path) and path not in persist and "d" not in (
                    (after.get(path) or "-")[0], (expected.get(path) or "-")[0]):
                raise AssertionError(f"{ws.name}: {path}: expected {harness.short(expected.get(path))}, "
                                     f"got {harness.short(after.get(path))}")
        for stage in ws.spec["stages"]:
            for out in stage["outs"]:
                if states.get(stage["name"]) in GOOD:
                    harness.equal(tree_of(after, out["path"]), forecasts[stage["name"]].outs[out["path"]],
                                  f"{ws.name}: {out['path']}")
        if rescued is not None:
            self.check_rescued(ws, before, after, persist)

    def check_rescued(self, ws, before, after, excepted):
        """What somebody put in the place of an out, and nobody else has, is never thrown away."""
        kept = {entry[1] for entry in after.values() if entry[0] == "f"}
        persist = {out["path"] for stage in ws.spec["stages"] for out in stage["outs"] if out["persist"]} | excepted
        lost = [path for path, entry in before.items() if entry[0] == "f" and entry[1].startswith(b"tampered ")
                and entry[1] not in kept and not any(path == each or path.startswith(each + "/") for each in persist)]
        if lost:
            rescued = ws.rescued()
            for path in lost:
                expect(before[path][1] in rescued, f"{ws.name}: {path} was edited by hand, and is nowhere any more")

    def run_both(self, jobs):
        """Two clones at once with one store: each as if alone, but a command may be spared by the other's."""
        befores = [ws.scan() for ws in self.spaces]
        forecasts = [self.predict(ws, before) for ws, before in zip(self.spaces, befores)]
        words = ["run", "--json", jobs, "-k", "0"]
        for ws in self.spaces:
            self.say_run(ws, words, " &")
        self.script.append("wait")
        started = [ws.project.start(*words) for ws in self.spaces]
        results = [each.wait(None) for each in started]
        for ws, before, predicted, result in zip(self.spaces, befores, forecasts, results):
            states = self.check_states(ws, result, predicted, shared=True)
            self.settle(ws, predicted, states)
            self.check_disk(ws, before, predicted, states, set())
        ran = {forecasts[i][name].key for i, result in enumerate(results)
               for name, state in result.states.items() if state == "ran"}
        for predicted in forecasts:
            for name, each in predicted.items():
                expect(each.state != "ran" or each.key in ran, f"{name}: nobody executed it")

    def kill(self, chance, ws, jobs):
        delay = chance.choice([0.002, 0.01, 0.02, 0.04, 0.08])
        self.say_run(ws, ["run", jobs, "-k", "0"], f" & sleep {delay}; kill -9 $!")
        background = ws.project.start("run", "--json", jobs, "-k", "0")
        time.sleep(delay)
        background.process.kill()
        background.process.communicate()

    def check_plan(self, ws):
        """`status` promises what a run then does."""
        forecasts = self.predict(ws, ws.scan())
        self.say_run(ws, ["status"])
        verdicts = ws.project.verdicts()
        for name, each in forecasts.items():
            said = verdicts[name]
            if each.state in VERDICTS and said in VERDICTS.values():
                harness.equal(said, VERDICTS[each.state], f"{ws.name}: status of {name}")
            elif each.state not in GOOD:  # a command that fails is not foreseen
                expect(said not in ("fresh", "would restore"), f"{ws.name}: status of {name}: {said}")

    def check_clean(self):
        """The model, and what all those steps led to, against a build in an empty folder with an empty store."""
        ws = self.spaces[0]
        self.run(ws, ["-j2", "-k", "0"])
        clean = Workspace(self.base, "clean", [], os.path.join(self.base, "empty"))
        clean.spec = ws.spec
        clean.take(copy.deepcopy(ws.spec), ws.sources(), True)
        records, self.records = self.records, {}
        states = self.run(clean, ["-j2", "-k", "0"])
        here, there = ws.scan(), clean.scan()
        for stage in ws.spec["stages"]:
            for out in stage["outs"]:
                if states[stage["name"]] == "ran":
                    harness.equal(tree_of(here, out["path"]), tree_of(there, out["path"]), f"clean {out['path']}")
        self.records = records


def attempt(seed, steps, dropped=(), clean=True):
    """The error, or None; the script; the counts; the stages that it began with."""
    sequence = Sequence(seed, dropped)
    error, reached = None, []
    try:
        for number in steps:
            reached.append(number)
            sequence.step(number)
        if clean:
            sequence.check_clean()
    except AssertionError as fault:
        error = str(fault)
        last = harness.calls[-1].describe() if harness.calls else ""
        sequence.script += [f"# {line}" for line in f"FAILS: {error}\n{last}".splitlines()]
    finally:
        sequence.finish()
    return error, sequence.script, sequence.counts, sequence.names, reached


def shrink(seed, steps, limit_s):
    """Fewer steps, then fewer stages, as long as something fails."""
    deadline, dropped = time.monotonic() + limit_s, []
    best = attempt(seed, steps)
    size = max(1, len(steps) // 2)
    while best[0] and size >= 1 and time.monotonic() < deadline:
        at = 0
        while at < len(steps) and time.monotonic() < deadline:
            fewer = steps[:at] + steps[at + size:]
            trial = attempt(seed, fewer)
            if trial[0]:
                steps, best = [number for number in fewer if number in trial[4]], trial
            else:
                at += size
        size //= 2
    for name in best[3]:
        if time.monotonic() > deadline:
            break
        trial = attempt(seed, steps, [*dropped, name])
        if trial[0]:
            dropped, best = [*dropped, name], trial
    return best, steps, dropped


def show(seed, result, dropped, limit_s):
    error, script, _, _, reached = result
    print(f"seed {seed} fails at step {reached[-1] if reached else '-'}: {error}", flush=True)
    if limit_s > 0:
        (smaller, less, *_), steps, fewer = shrink(seed, reached, limit_s)
        if smaller:
            error, script, reached, dropped = smaller, less, steps, fewer
    print("\n".join(script))
    print(f"again: soundness.py --seed {seed} --sequences 1 --only {','.join(map(str, reached))}"
          + (f" --without {','.join(dropped)}" if dropped else ""))
    print(error, flush=True)


def main():
    options = parse_arguments()
    first = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    print(f"seed {first}", flush=True)
    dropped = options.without.split(",") if options.without else []
    steps = [int(word) for word in options.only.split(",")] if options.only else list(range(options.steps))
    totals, began, done, found = {"runs": 0, "commands": 0}, time.monotonic(), 0, 0
    with ProcessPoolExecutor(options.jobs) as pool:
        seeds = range(first, first + options.sequences)
        for seed, result in zip(seeds, pool.map(attempt, seeds, repeat(steps), repeat(dropped))):
            done += 1
            totals = {name: totals[name] + result[2][name] for name in totals}
            if done % 50 == 0:
                print(f"{done} sequences, {totals['runs']} runs, {found} failed", flush=True)
            if not result[0]:
                continue
            found += 1
            show(seed, result, dropped, 0 if options.only else options.shrink)
            if not options.keep_going:
                pool.shutdown(cancel_futures=True)
                break
    print(f"{done} sequences of {options.steps} steps, {totals['runs']} runs, {totals['commands']} commands, "
          f"{found} failed, {time.monotonic() - began:.0f} s")
    return 1 if found else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, help="of the first sequence; the next has the next")
    parser.add_argument("--sequences", type=int, default=10)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=1, help="sequences at once (1)")
    parser.add_argument("--only", metavar="N,N,...", help="these steps alone")
    parser.add_argument("--without", metavar="NAME,...", help="without these stages of the first project")
    parser.add_argument("--shrink", metavar="S", type=float, default=60, help="seconds to make a failure smaller (60)")
    parser.add_argument("--keep-going", action="store_true", help="go on after a sequence that fails")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
