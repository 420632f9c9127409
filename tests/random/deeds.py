"""What people do with their workspaces, and what must be true after it."""
import collections
import hashlib
import json
import os
import re
import shutil
import signal
import tarfile
import time

import daily
from harness import Project, contains, equal, expect
from workspace import entries_of

GOOD = ("fresh", "restored", "ran")
KILLED = -signal.SIGKILL
OVERHEAD = 512 << 10  # the store's tables, and pages that are left free
COMPACT_BYTES_MIN = 1 << 20  # the file is left alone where it would give back less
REFS_MAX = 3
FILES = [".gitignore", "code", "data", "params.yaml", "refit.config.yaml", "refit.yaml", "refit.lock"]


class Office:
    """The workspaces and their store."""

    def __init__(self, base, chance, clock, budget_bytes):
        self.base, self.chance, self.clock, self.budget_bytes = base, chance, clock, budget_bytes
        self.builds = daily.Builds(base / "clean")
        self.locks = {}  # digest of a refit.lock that a wholly successful run wrote → the outs that it names
        self.counts, self.story, self.number = collections.Counter(), [], 0
        self.last = {"left": 0, "roots": 0}  # bytes, as the last gc found them
        self.gone = []  # folders of workspaces that vanished, under other names
        first = Workspace(self, "ann")
        self.spaces = [first]
        daily.create(chance, first, budget_bytes)
        first.git("init", "-q", "-b", "main")
        self.settle(first)
        first.commit()
        for name in ("bob", "cyd0"):
            self.clone(name)

    def tell(self, text):
        self.story.append(text)

    def count(self, what, number=1):
        self.counts[what] += number

    def edit(self, ws):
        self.tell(f"{ws.root.name}: {daily.edit(self.chance, ws)}")

    def clone(self, name):
        ws = Workspace(self, name)
        ws.git("clone", "-q", str(self.spaces[0].root), ".")
        self.spaces.append(ws)
        return ws

    # ---- runs ----

    def settle(self, ws, *words):
        """A run to the end that does everything, and what it leaves."""
        words = (f"-j{self.chance.choice([1, 2, 4])}", "-k", "0", *words)
        self.check_run(ws, ws.refit("run", "--json", *words, exit=None), True)
        if self.chance.random() < 0.2:
            result = ws.refit("run", "--json", exit=None)
            expect({"ran", "restored"}.isdisjoint(result.states.values()), f"a second run has nothing to do: "
                   f"{result.states}")

    def check_run(self, ws, result, whole):
        """`whole`: it did what can be done; a run that stops at a failure may have skipped any stage."""
        entries = ws.entries()
        build = self.builds.of(daily.sources_of(entries), ws.environment.get("REGION"))
        equal(result.code, 1 if build.failed else 0, f"{ws.root.name}: exit status")
        self.count("runs")
        for name, state in result.states.items():
            self.count(state)
            if state in GOOD:
                outs = daily.made_in(entries, ws.outs_of(name))
                equal(outs, build.outs[name], f"{ws.root.name}: what {name} made")
                expect(name not in build.failed | build.skipped, f"{name} cannot be made")
            expect(state != "failed" or name in build.failed, f"{name} failed: {result.reasons[name]}")
        if whole:
            equal({name for name, state in result.states.items() if state not in GOOD}, build.failed | build.skipped,
                  "stages without outs")
            equal(set(result.states), set(build.outs), "stages")
        if not build.failed:
            self.locks[ws.lock_digest()] = {path: entry for outs in build.outs.values() for path, entry in outs.items()}

    def struck(self, ws, number, *words, after=None):
        """A command that a signal meets at any moment."""
        background = ws.start(*words, env=self.trouble())
        time.sleep(self.chance.choice([0.005, 0.02, 0.05]) + self.chance.random() * 0.4 if after is None else after)
        background.signal(number)
        # It may come before main() does.
        expected = (KILLED,) if number == signal.SIGKILL else (130, -number)
        result = wait_struck(background)
        expect(result in (0, 1, *expected), f"exit status {result} after signal {number}")
        self.count("struck" if result in expected else "missed")
        self.tell(f"{ws.root.name}: {' '.join(words)}: signal {int(number)}, exit {result}")

    def trouble(self):
        """Commands that take their time, and leave a process that spoils an out some time later."""
        spoil = self.chance.choice([None, None, "0.1", "0.5", "1"])
        return {"SLOW": self.chance.choice([None, "0.05", "0.3"]), "SPOIL": spoil}

    # ---- the store ----

    def verify(self):
        self.count("verified")
        self.spaces[0].refit("verify")

    def collect(self, *words):
        """With nobody else at work the store is as small as it can be."""
        ws = self.chance.choice(self.spaces)
        result = ws.refit("gc", "--json", *words).json
        self.count("gc")
        self.count("records taken", result["taken_records"])
        size, left = (self.store() / "data.mdb").stat().st_size, result["left_bytes"]
        self.last = {"left": left, "roots": result["root_bytes"]}
        equal(result["file_bytes"], size, "bytes of the store's file")
        equal(result["budget_bytes"], self.budget_bytes, "budget")
        equal(result["over_budget"], left > self.budget_bytes, "over the budget")
        if result["over_budget"]:
            self.count("over the budget")
            expect(left <= result["root_bytes"] + OVERHEAD, f"more than the roots stays: {result}")
        expect(size <= max(left, self.budget_bytes) + COMPACT_BYTES_MIN, f"the file is too large: {result}")
        expect({each["path"] for each in result["workspaces"] if each["state"] == "read"} ==
               {str(each.root) for each in self.spaces}, f"the workspaces: {result['workspaces']}")
        return result

    def audit(self, most):
        """What refit.lock names, at each root or at some, is in the store. A copy of the store is asked, so that the
        question makes no roots."""
        roots = {}  # content of refit.lock → where the sources are that belong to it
        for ws in self.spaces:
            for ref in [None, *ws.refs()]:
                lock = ws.locked(ref)
                if lock is None or hashlib.sha256(lock).digest() not in self.locks:
                    continue
                if ref is None and not ws.declares(lock):
                    continue  # its manifest was edited since, and what that does not declare is not restored
                roots.setdefault(lock, (ws, ref))
        for ws, lock in self.gone:
            roots.setdefault(lock, (ws, None))
        chosen = sorted(roots) if most is None else self.chance.sample(sorted(roots), min(most, len(roots)))
        copy = self.base / "copy"
        copy.mkdir()
        shutil.copy(self.store() / "data.mdb", copy / "data.mdb")
        for lock in chosen:
            self.audit_root(lock, *roots[lock], copy)
        shutil.rmtree(copy)

    def audit_root(self, lock, ws, ref, store):
        self.tell(f"audit of {ws.root.name} {ref}")
        reader = Workspace(self, "auditor")
        ws.put_files(ref, reader.root)
        reader.refit("restore", env={"REFIT_STORE": str(store)})
        outs = self.locks[hashlib.sha256(lock).digest()]
        declared = tuple(out for each in daily.stages_of(daily.spec_of(reader.entries())) for out in each["outs"])
        equal(daily.made_in(reader.entries(), declared), outs, f"outs of {ws.root.name} {ref}, restored")
        shutil.rmtree(reader.root)
        self.count("roots restored")

    def store(self):
        return self.base / "store"

    def sizes(self):
        kib = {"store": file_bytes(self.store()), **self.last}
        for ws in self.spaces:
            kib[f"{ws.root.name}/.refit/state"] = file_bytes(ws.path(".refit/state"))
            kib[f"{ws.root.name}/.refit"] = file_bytes(ws.path(".refit"))
        return {name: f"{size >> 10}K" for name, size in kib.items()} | {"builds": len(self.builds.known)}


def file_bytes(top):
    return sum(os.lstat(os.path.join(folder, name)).st_size for folder, _, names in os.walk(top) for name in names)


def wait_struck(background):
    """The exit status; commands of a run that was killed keep its pipes open, and nobody waits for them here."""
    background.process.stdout.close()
    background.process.stderr.close()
    try:
        return background.process.wait(60)
    except Exception:
        background.process.kill()
        raise AssertionError(f"refit {' '.join(background.arguments)} does not end") from None


class Workspace(Project):
    """Of one person: a repository."""

    def __init__(self, office, name):
        super().__init__(base=office.base, name=name)
        self.office = office
        self.environment |= {"REFIT_STORE": str(office.store()), **office.clock}
        self.own = []  # branches and tags that were made here

    def entries(self):
        return entries_of(str(self.root), daily.OWN)

    def spec(self):
        return json.loads(self.read("refit.yaml").split("\n")[0][2:])

    def outs_of(self, name):
        return next(each["outs"] for each in daily.stages_of(self.spec()) if each["name"] == name)

    def lock_digest(self):
        return hashlib.sha256(self.bytes("refit.lock")).digest()

    def refs(self):
        return self.git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags", "refs/remotes").split()

    def locked(self, ref):
        """refit.lock as it is at a ref, or in the folder; None: there is none."""
        if ref is None:
            return self.bytes("refit.lock") if self.exists("refit.lock") else None
        return self.git("show", f"{ref}:refit.lock").encode()

    def declares(self, lock):
        """Are the stages that a refit.lock names those of the manifest as it is?"""
        names = set(re.findall(r"^  ([\w-]+):$", lock.decode(), re.MULTILINE))
        declared = daily.stages_of(daily.spec_of(daily.sources_of(self.entries())))
        return names == {stage["name"] for stage in declared}

    def put_files(self, ref, folder):
        if ref is None:
            for name in FILES:
                copy = shutil.copytree if self.path(name).is_dir() else shutil.copy
                copy(self.path(name), folder / name)
            return
        self.git("archive", "-o", str(self.base / "tar"), ref)
        with tarfile.open(self.base / "tar") as tar:
            tar.extractall(folder, filter="data")

    def commit(self):
        """What was just made; under the name of a branch or a tag, at times."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "work")

    def name_tip(self):
        chance = self.office.chance
        self.office.number += 1
        kind = chance.choice(["branch", "tag"])
        name = f"{kind}{self.office.number}"
        self.git(kind, name)
        self.own.append((kind, name))
        if len(self.own) > REFS_MAX:
            kind, name = self.own.pop(chance.randrange(len(self.own) - 1))
            if self.git("branch", "--show-current").strip() == name:
                self.git("checkout", "-q", "--detach")
            self.git(kind, "-D" if kind == "branch" else "-d", name)


# ---- the deeds: each begins with some edits, and ends with everything as it should be ----

def run_all(office, ws):
    office.settle(ws)


def run_forced(office, ws):
    office.settle(ws, "-B")


def run_stopping(office, ws):
    """With something broken: at the first failure, then as far as it goes, then mended."""
    daily.break_code(office.chance, ws)
    office.check_run(ws, ws.refit("run", "--json", "-j4", exit=None), False)
    office.settle(ws)
    daily.mend_code(ws)
    office.settle(ws)


def run_commit(office, ws):
    office.settle(ws)
    ws.commit()
    if office.chance.random() < 0.5:
        ws.name_tip()


def run_interrupted(office, ws):
    for _ in range(office.chance.choice([1, 1, 2])):
        office.struck(ws, office.chance.choice([signal.SIGINT, signal.SIGTERM]), "run", "-j2", "-k", "0")
    office.settle(ws)


def run_killed(office, ws):
    """Again and again, with commands left alive that spoil what is made later."""
    for _ in range(office.chance.choice([1, 1, 2, 3])):
        office.struck(ws, signal.SIGKILL, "run", f"-j{office.chance.choice([1, 4])}")
        if office.chance.random() < 0.3:
            office.edit(ws)
        if office.chance.random() < 0.3:
            ws.refit("status")
    office.settle(ws)


def run_both(office, ws):
    """Two workspaces at once, at times doing the same; a gc beside them at times."""
    other = office.chance.choice([each for each in office.spaces if each is not ws])
    if office.chance.random() < 0.5:
        take_over(ws, other)
    started = [(each, each.start("run", "--json", "-j2", "-k", "0")) for each in (ws, other)]
    if office.chance.random() < 0.4:
        office.count("gc beside runs")
        ws.refit("gc")
    for each, background in started:
        office.check_run(each, background.wait(exit=None), True)
    for each in (ws, other):
        office.settle(each)


def take_over(ws, other):
    """The same sources in another workspace."""
    for name in ("code", "data"):
        shutil.rmtree(other.path(name))
    for path, entry in daily.sources_of(ws.entries()).items():
        other.write(path, entry[1])


def run_waiting(office, ws):
    for background in [ws.start("run", "--json", "-k", "0", "--wait", env={"SLOW": slow}) for slow in ("0.05", None)]:
        office.check_run(ws, background.wait(exit=None), True)


def look(office, ws):
    """Readers while a run is at work."""
    run = ws.start("run", "--json", "-j2", "-k", "0", env=office.trouble())
    for words in (["status"], ["status", "--json"], ["why", "train"], ["graph"], ["metrics"], ["logs", "train"],
                  ["run", "-n"], ["store", "stats"], ["gc", "-n"]):
        expect(ws.refit(*words, exit=None).code in (0, 2), f"{words} beside a run")  # 2: no such log, no metrics yet
    office.check_run(ws, run.wait(exit=None), True)


def gc_beside(office, ws):
    """gc while a run is at work; either may be struck."""
    background = ws.start("run", "--json", "-j2", "-k", "0", env={"SLOW": "0.05"})
    for _ in range(office.chance.choice([1, 2, 4])):
        if office.chance.random() < 0.4:
            office.struck(office.chance.choice(office.spaces), office.chance.choice([signal.SIGKILL, signal.SIGINT]),
                          "gc", after=office.chance.random() * 0.03)
        else:
            office.chance.choice(office.spaces).refit("gc")
        office.count("gc beside runs")
    office.check_run(ws, background.wait(exit=None), True)
    office.verify()
    office.settle(ws)


def gc_killed(office, ws):
    for _ in range(3):
        office.struck(ws, signal.SIGKILL, "gc", after=office.chance.random() * 0.04)
        office.verify()
    office.collect()
    office.settle(ws)


def gc_whole(office, ws):
    office.settle(ws)
    office.collect(*office.chance.choice([[], ["--rescue"]]))
    office.audit(8)
    office.verify()


def revert(office, ws):
    """To where a branch or a tag is, or some commits back, by a run or by restore."""
    refs = [*ws.refs(), "HEAD~1", "HEAD~3", "main~2"]
    ref = office.chance.choice(refs)
    if ws.git("rev-list", "--ignore-missing", "-n1", ref) == "":
        return
    ws.git("checkout", "-q", "-f", "--detach", ref)
    office.tell(f"{ws.root.name}: {ref}")
    if office.chance.random() < 0.5:
        restore_outs(office, ws, ref in refs[:-3])
    office.settle(ws)
    if office.chance.random() < 0.4:
        ws.git("checkout", "-q", "-f", "main")
        office.settle(ws)


def restore_outs(office, ws, kept):
    """`kept`: they are those of a root, so that they must be there."""
    outs = office.locks.get(ws.lock_digest())
    result = ws.refit("restore", exit=None)
    if result.code == 5 and not (outs and kept):
        contains(result.stderr, "the store does not have", "run the stage")
        return
    equal(result.code, 0, f"exit status of restore: {result.text}")
    if outs is None:
        return
    declared = tuple(out for each in daily.stages_of(ws.spec()) for out in each["outs"])
    equal(daily.made_in(ws.entries(), declared), outs, "what was restored")
    office.count("checkouts restored")


def restore(office, ws):
    """Outs that are gone, or were edited by hand."""
    office.settle(ws)
    whole = ws.lock_digest() in office.locks
    for out in office.chance.sample(daily.OUTS, 3):
        if not ws.exists(out):
            continue
        if office.chance.random() < 0.5 and ws.path(out).is_file():
            ws.write(out, f"tampered {office.chance.getrandbits(60)}\n")
        else:
            ws.remove(out)
    if whole:
        restore_outs(office, ws, True)
    office.settle(ws)


def accept(office, ws):
    """An input is written while train runs, with the bytes that it had; what was made is accepted."""
    daily.mend_code(ws)
    office.settle(ws)
    run = ws.start("run", "--json", "-B", "--single", "train", env={"HOLD": "train"})
    ws.wait_for(".held")
    ws.write("code/train.sh", ws.bytes("code/train.sh"))
    ws.remove(".held")
    result = run.wait(exit=1)
    expect("input changed while running" in result.reasons["train"], f"why it failed: {result.reasons}")
    equal(ws.status()["train"]["pending"], True, "pending")
    ws.refit("accept", "train")
    office.settle(ws)


def lose_state(office, ws):
    shutil.rmtree(ws.path(office.chance.choice([".refit", ".refit/state"])), ignore_errors=True)
    office.settle(ws)


def carry(office, ws):
    """What refit.lock names goes to a machine with a store of its own, and what that has comes back."""
    office.settle(ws)
    office.number += 1
    file, there = office.base / f"carried{office.number}", Workspace(office, f"away{office.number}")
    there.environment["REFIT_STORE"] = str(office.base / f"store{office.number}")
    if ws.environment.get("REGION"):
        there.environment["REGION"] = ws.environment["REGION"]
    if ws.lock_digest() in office.locks:
        ws.refit("store", "export", str(file))
        there.refit("store", "import", str(file))
        ws.put_files(None, there.root)
        result = there.refit("run", "--json", exit=0)
        expect("ran" not in result.states.values(), f"everything is in the file: {result.states}")
        office.check_run(there, result, True)
        office.edit(there)
        office.settle(there)
        there.refit("store", "export", str(file), "--all")
        ws.refit("store", "import", str(file))
        take_over(there, ws)
        if there.environment.get("REGION") == ws.environment.get("REGION"):
            result = ws.refit("run", "--json", "-k", "0", exit=None)
            expect("ran" not in result.states.values(), f"everything came back: {result.states}")
            office.check_run(ws, result, True)
        file.unlink()
        shutil.rmtree(there.environment["REFIT_STORE"])
    shutil.rmtree(there.root)


def exchange(office, ws):
    """A clone takes what the others have, or gives them a branch."""
    first = office.spaces[0]
    office.settle(ws)
    ws.commit()
    if ws is first:
        return
    if office.chance.random() < 0.5:
        office.number += 1
        name = f"branch{office.number}"
        ws.git("push", "-q", "origin", f"HEAD:refs/heads/{name}")
        first.own.append(("branch", name))
    else:
        ws.git("fetch", "-q", "--prune", "--tags", "--force", "origin")
        ws.git("reset", "-q", "--hard", "origin/main")
        restore_outs(office, ws, False)
    office.settle(ws)


def vanish(office, ws):
    """A workspace goes, and stays a root until it is forgotten; then there is a new one."""
    if office.gone:
        for folder, _ in office.gone:
            office.collect("--forget", folder.listed)
            shutil.rmtree(folder.root)
        office.gone = []
        office.count("forgotten")
        return
    ws = office.spaces[-1]
    office.settle(ws)
    name, listed = ws.root.name, str(ws.root)
    lock = ws.bytes("refit.lock")
    os.rename(ws.root, ws.base / f"{name}-gone")
    ws.root, ws.listed = ws.base / f"{name}-gone", listed
    office.spaces.remove(ws)
    if hashlib.sha256(lock).digest() in office.locks:
        office.gone.append((ws, lock))
    else:
        office.collect("--forget", listed)
        shutil.rmtree(ws.root)
    office.number += 1
    office.settle(office.clone(f"cyd{office.number}"))


DEEDS = {run_all: 14, run_forced: 2, run_stopping: 5, run_commit: 14, run_interrupted: 6, run_killed: 9, run_both: 8,
         run_waiting: 3, look: 4, gc_beside: 5, gc_killed: 4, gc_whole: 3, revert: 9, restore: 5, accept: 3,
         lose_state: 2, carry: 3, exchange: 5, vanish: 3}
