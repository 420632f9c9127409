"""One project, its store, and what happens to them step by step."""
import copy
import os
import random
import shutil
import tempfile
import time

import harness
from edits import change_something
from forecast import predict
from harness import expect
from judging import GOOD, check_disk, check_rescued, check_states, check_verdicts, compare
from judging import is_persistent
from pipeline import drop, put, selection_of, tree_of
from projects import is_valid, new_sources, new_spec, new_stage, tidy
from workspace import Workspace

RACY_S = 2.2  # a digest is not believed by the next run if the file was changed less than 2 s before
ALL = ["-k", "0"]
BUDGETS = ["0", "20K", "100K", "1M", "1G"]
MODES = {"full": 48, "collect": 4, "stop": 8, "targets": 10, "single": 3, "downstream": 4, "deploy": 5, "force": 3,
         "kill": 5, "both": 4, "restore": 4, "none": 5}


class Sequence:
    def __init__(self, seed, dropped=()):
        self.seed, self.script, self.counts = seed, [], {"runs": 0, "commands": 0}
        self.base = tempfile.mkdtemp(prefix="refit-random-")
        self.records, self.doubt = {}, set()
        self.past = []  # (spec, sources)
        self.number = 0  # of stores and files so far
        chance = random.Random(f"{seed}/project")
        self.store = "store" if chance.random() < 0.7 else None  # None: in the workspace
        first = self.new_space("one")
        self.spaces = [first]
        self.fill(chance, first, dropped)

    def new_space(self, name):
        ws = Workspace(self.base, name, self.script)
        ws.known.records, ws.known.doubt = self.records, self.doubt
        if self.store:
            self.script.append(f"export REFIT_STORE=$PWD/{self.store}")
            ws.use_store(self.store)
        return ws

    def fill(self, chance, ws, dropped):
        spec, sources = new_spec(chance), new_sources(chance)
        vfs = {}
        for path, entry in sources.items():
            put(vfs, path, entry)
        for number in range(chance.randint(5, 15)):
            stage = new_stage(chance, spec, vfs, number)
            trial = copy.deepcopy(spec)
            trial["stages"].append(copy.deepcopy(stage))
            tidy(trial, vfs)
            spec = trial if is_valid(trial) else spec
        spec["stages"] = [stage for stage in spec["stages"] if stage["name"] not in dropped]
        tidy(spec, vfs)
        ws.spec = {**spec, "stages": []}
        ws.take(spec, sources, False)
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
        if chance.random() < 0.12:
            self.care(chance, ws)
        mode = chance.choices(list(MODES), list(MODES.values()))[0]
        if mode == "none":
            return
        if chance.random() < 0.25:
            self.check_plan(ws)
        self.run_mode(chance, ws, mode, f"-j{chance.randint(1, 8)}")

    def run_mode(self, chance, ws, mode, jobs):
        if mode == "both" and len(self.spaces) == 2:
            self.run_both(jobs, chance.choice([None, *BUDGETS]))
        elif mode == "collect":
            self.run_beside_gc(ws, jobs, chance.choice(BUDGETS))
        elif mode == "kill":
            for _ in range(chance.choice([1, 1, 2, 3])):
                self.kill(chance, ws, ["run", jobs, *ALL])
            self.run(ws, [jobs, *ALL], killed=True)
        elif mode in ("targets", "single", "downstream") and ws.spec["stages"]:
            self.run_part(chance, ws, mode, jobs)
        elif mode == "stop":
            self.run(ws, [jobs], stops=True)
        elif mode == "force":
            self.run(ws, [jobs, *ALL, "-B"])
        elif mode == "deploy":
            self.run(ws, [jobs, *ALL, "--deploy"])
        elif mode == "restore":
            self.restore(ws)
        else:
            self.run(ws, [jobs, *ALL])
            again = self.run(ws, [jobs, *ALL])
            for stage in ws.spec["stages"]:
                idle = stage["outs"] or stage["deps"] or stage["params"]
                expect(again.get(stage["name"], "fresh") in ("fresh", "failed", "skipped") or "always" in stage["flags"]
                       or not idle, f"a second run has to do {stage['name']}")

    def rest(self, ws):
        """Until what is known of the files is believed by later runs too."""
        time.sleep(RACY_S)
        self.script.append(f"sleep {RACY_S}")
        self.run(ws, ["-j2", *ALL])

    def travel(self, chance, ws):
        """What changes before the run: edits, an earlier state of everything, a clone, another place."""
        kind = chance.random()
        if kind < 0.17 and self.past:
            spec, sources = chance.choice(self.past)
            self.script.append(f"# {ws.name}: everything as it was")
            ws.take(copy.deepcopy(spec), sources, chance.random() < 0.5)
        elif kind < 0.23 and self.store and len(self.spaces) == 1:
            self.clone(ws)
        elif kind < 0.25:
            self.number += 1
            ws.move(f"{ws.name.split('.')[0]}.{self.number}")
        else:
            for _ in range(chance.choice([1, 1, 2, 2, 3])):
                change_something(chance, ws)

    def clone(self, ws):
        clone = self.new_space("two")
        clone.spec = {**ws.spec, "stages": []}
        clone.take(copy.deepcopy(ws.spec), ws.sources(), True)
        if os.path.exists(ws.path("refit.lock")):
            shutil.copy(ws.path("refit.lock"), clone.path("refit.lock"))
            self.script.append(f"cp {ws.name}/refit.lock {clone.name}/refit.lock")
            clone.known.lock = dict(ws.known.lock)
        for name, value in ws.known.environ.items():
            clone.set_variable(name, value)
        self.spaces.append(clone)

    # ---- care of the store ----

    def command(self, ws, *words, exit=0):
        ws.say_refit(words)
        return ws.project.refit(*words, exit=exit)

    def care(self, chance, ws):
        kind = chance.random()
        if not self.records:
            return
        if kind < 0.2:
            self.command(ws, "verify")
        elif kind < 0.45:
            self.carry(chance, ws)
        else:
            self.collect(chance, ws)

    def collect(self, chance, ws):
        words = ["gc", *chance.choice([[], *(["--budget", budget] for budget in BUDGETS)])]
        if chance.random() < 0.25:
            self.doubt_all_but_roots(ws)
            self.kill(chance, ws, words)
        result = self.command(ws, *words, "--json").json
        if self.store and ws.published == self.store:
            expect(result["root_records"] > 0, f"{ws.name}: gc knows of no roots")
        if result["taken_records"] > 0:
            self.doubt_all_but_roots(ws)
        self.command(ws, "verify")

    def doubt_all_but_roots(self, collecting, running=None):
        """A gc may have taken what no refit.lock names, or what none names any more once those that run have ended
        (`running`: workspace → keys that it will leave there)."""
        roots = [(key, outs) for ws in self.spaces if ws is collecting or ws.published == (self.store or ws)
                 for name, (key, outs, _) in ws.known.lock.items()
                 if ws not in (running or {}) or key == running[ws].get(name, key)]
        self.doubt |= {(key, found) for key, made in self.records.items() for found, outs in made.items()
                       if (key, outs) not in roots}

    def keys_of(self, ws):
        return {name: each.key for name, each in self.predict(ws, ws.scan()).items()}

    def run_beside_gc(self, ws, jobs, budget):
        self.doubt_all_but_roots(ws)
        ws.say_refit(["gc", "--budget", budget], " &")
        background = ws.project.start("gc", "--budget", budget)
        self.run(ws, [jobs, *ALL])
        self.script.append("wait")
        background.wait(None)
        self.doubt_all_but_roots(ws)
        self.command(ws, "verify")

    def can_be_had(self, ws):
        """Is all that refit.lock names in the store?"""
        return all(found in self.records.get(key, {}) and (key, found) not in self.doubt
                   for key, _, found in ws.known.lock.values())

    def carry(self, chance, ws):
        """What the store has, or what refit.lock names, goes through a file into a new store."""
        self.number += 1
        file, everything = f"../carried{self.number}", chance.random() < 0.5
        everything |= not ws.known.lock or not self.can_be_had(ws)
        self.command(ws, "store", "export", file, *(["--all"] if everything else []))
        if self.store:
            self.store = f"store{self.number}"
            self.script.append(f"export REFIT_STORE=$PWD/{self.store}")
            for each in self.spaces:
                each.use_store(self.store)
        else:
            ws.remove(".refit/store")
        if chance.random() < 0.3:
            self.kill(chance, ws, ["store", "import", file])
        self.command(ws, "store", "import", file)
        if not everything:
            keys = {key for key, _, _ in ws.known.lock.values()}
            for key in set(self.records) - keys:
                del self.records[key]
        self.command(ws, "verify")

    def restore(self, ws):
        """`refit restore`: outs as refit.lock has them."""
        if not ws.known.lock or not self.can_be_had(ws):
            return
        before = ws.scan()
        self.command(ws, "restore")
        expected, outs = dict(before), {}
        for stage in ws.spec["stages"]:
            declared = {out["path"] for out in stage["outs"]}
            locked = ws.known.lock.get(stage["name"], (None, {}, None))[1]
            outs.update({path: value for path, value in locked.items() if path in declared})
        for path, value in outs.items():
            put(expected, path, value)
        after = ws.scan()
        compare(ws, after, expected)
        for path, value in outs.items():
            harness.equal(tree_of(after, path), value, f"{ws.name}: {path} after restore")
        check_rescued(ws, before, after, ())

    # ---- running, and what must be true of it ----

    def run_part(self, chance, ws, mode, jobs):
        stages = chance.sample(ws.spec["stages"], min(len(ws.spec["stages"]), chance.randint(1, 2)))
        words = [stage["outs"][0]["path"] if stage["outs"] and chance.random() < 0.3 else stage["name"]
                 for stage in stages]
        options = [f"--{mode}"] if mode != "targets" else []
        targets = {stage["name"] for stage in stages}
        if selection_of(ws.spec, targets, options) is None:
            self.command(ws, "run", *options, *words, exit=2)
            options.append("--deploy")
        self.run(ws, [jobs, *ALL, *options, *words], targets)

    def predict(self, ws, before, words=(), targets=()):
        return predict(ws.spec, before, ws.known, selection_of(ws.spec, targets, words), "-B" in words)

    def settle_doubts(self, ws):
        """A command that would fail is not run if its record is still there: mended, both ways end alike."""
        forecasts = self.predict(ws, ws.scan())
        if any(each.unsure and os.path.lexists(ws.path(f"fail/{name}")) for name, each in forecasts.items()):
            ws.remove("fail")

    def run(self, ws, words, targets=(), stops=False, killed=False):
        self.settle_doubts(ws)
        before = ws.scan()
        forecasts = self.predict(ws, before, words, targets)
        ws.say_refit(["run", *words])
        result = ws.project.refit("run", "--json", *words, exit=None)
        states = self.take(ws, before, result, forecasts, stops=stops, killed=killed)
        check_disk(ws, before, forecasts, states, not killed)
        return states

    def take(self, ws, before, result, forecasts, **how):
        """Checks what a run said; notes what store and workspace know now."""
        states = check_states(ws, result, forecasts, **how)
        self.counts["runs"] += 1
        self.counts["commands"] += list(states.values()).count("ran")
        ws.note_tools(before, set(forecasts))
        if {"ran", "restored"} & set(states.values()):
            ws.published = self.store or ws
        deploys = {stage["name"] for stage in ws.spec["stages"] if "deploy" in stage["flags"]}
        for name, each in forecasts.items():
            if states[name] in GOOD and each.remembered:
                ws.known.memory[name] = (each.key, each.outs, each.found, True)
                if name not in deploys:
                    self.note_record(ws, name, each, states[name])
            elif states[name] == "failed" and each.key is not None and name in ws.known.memory:
                ws.known.memory[name] = (*ws.known.memory[name][:3], name in deploys)
        names = {stage["name"] for stage in ws.spec["stages"]}
        for name in set(ws.known.lock) - names:
            del ws.known.lock[name]
        return states

    def note_record(self, ws, name, each, state):
        ws.known.lock[name] = (each.key, each.outs, each.found)
        known = each.found in self.records.get(each.key, {})
        # Fresh by what the workspace remembers says nothing about the store, unless another run has just executed it.
        if known or state != "fresh" or each.state == "ran":
            self.records.setdefault(each.key, {})[each.found] = each.outs
        if state != "fresh":
            self.doubt.discard((each.key, each.found))

    def run_both(self, jobs, budget):
        """Two clones at once with one store: each as if alone, but a command may be spared by the other's."""
        if budget:
            self.doubt_all_but_roots(self.spaces[0], {ws: self.keys_of(ws) for ws in self.spaces})
        for ws in self.spaces:
            self.settle_doubts(ws)
        befores = [ws.scan() for ws in self.spaces]
        forecasts = [self.predict(ws, before) for ws, before in zip(self.spaces, befores)]
        words = ["run", "--json", jobs, *ALL]
        for ws in self.spaces:
            ws.say_refit(words, " &")
        started = [ws.project.start(*words) for ws in self.spaces]
        if budget:
            self.spaces[0].say_refit(["gc", "--budget", budget], " &")
            self.spaces[0].project.start("gc", "--budget", budget).wait(None)
        self.script.append("wait")
        results = [each.wait(None) for each in started]
        for ws, before, predicted, result in zip(self.spaces, befores, forecasts, results):
            states = self.take(ws, before, result, predicted, shared=True)
            check_disk(ws, before, predicted, states, True)
        ran = {forecasts[i][name].key for i, result in enumerate(results)
               for name, state in result.states.items() if state == "ran"}
        for predicted in forecasts:
            for name, each in predicted.items():
                expect(each.state != "ran" or each.key in ran, f"{name}: nobody executed it")
        if budget:
            self.doubt_all_but_roots(self.spaces[0])

    def kill(self, chance, ws, words):
        delay = round(chance.choice([0.002, 0.01, 0.02, 0.04, 0.08, chance.random() / 4]), 3)
        ws.say_refit(words, f" & sleep {delay}; kill -9 $!")
        background = ws.project.start(*words)
        time.sleep(delay)
        background.process.kill()
        background.process.communicate()

    def check_plan(self, ws):
        before = ws.scan()
        if ws.knows_tools(before):
            ws.say_refit(["status"])
            check_verdicts(ws, self.predict(ws, before), ws.project.verdicts())

    def check_clean(self):
        """The model, and what all those steps led to, against a build in an empty folder with an empty store."""
        ws = self.spaces[0]
        for stage in ws.spec["stages"]:
            stage["flags"] = [flag for flag in stage["flags"] if flag != "frozen"]
        ws.write_declared()
        self.run(ws, ["-j2", *ALL, "--deploy"])
        self.command(ws, "verify")
        clean = Workspace(self.base, "clean", [])
        clean.project.environment["REFIT_STORE"] = os.path.join(self.base, "empty")
        clean.spec = ws.spec
        clean.take(copy.deepcopy(ws.spec), ws.sources(), True)
        for name, value in ws.known.environ.items():
            clean.set_variable(name, value)
        states = self.run(clean, ["-j2", *ALL, "--deploy"])
        here, there = ws.scan(), clean.scan()
        for stage in ws.spec["stages"]:
            for out in stage["outs"]:
                if states[stage["name"]] == "ran":
                    harness.equal(tree_of(here, out["path"]), tree_of(there, out["path"]), f"clean {out['path']}")
