"""The rows of the table: what is measured, against what, and how both are put into the same position."""
import json
import os
import random
import shlex
import subprocess
import time

import expectations
from graphs import SETTLE_S, init_dvc, make_graphs, settle, write_small_files
from measuring import MIB, ROOT, fail, nothing, read_through, remove
from table import show_bytes

# (bar, goal): the ratio has to be at most the bar.
NOOP, CLEAN, DIGEST, STORE, RESTORE = (1.0, 0.5), (1.1, 1.0), (1.15, 0.6), (1.3, 1.0), (1.3, 1.0)
MANY, EDITS, START, PEAK = (1 / 20, 1 / 50), (0.03, 0.015), (5.0, 3.0), (2.0, 1.0)
GENERATE = (3.0, 2.0)
HISTORY = (1.0, 0.5)
EXPECTATIONS = {"duckdb": (1.0, 0.7), "pandas": (0.1, 0.07)}

STARTS = 100
PEAKS = 3
OFFSETS = 5
SMALL_FILES_WARM = 1000


def make_project(bench, name, text):
    folder = bench.folder / name
    folder.mkdir()
    (folder / "refit.yaml").write_text(text)
    return folder


def ours(bench):
    return ("refit", bench.refit)


# ---- many stages ----

def measure_stages(bench, clean, noop):
    """Clean runs of the smallest graph leave it built for the no-op."""
    for count in sorted(bench.options.stages):
        graphs = make_graphs(bench, count, [ours(bench), ("ninja", "ninja"), ("make", "make")])
        if clean and count == min(bench.options.stages):
            measure_clean(bench, graphs, CLEAN)
        if noop:
            measure_noop(bench, graphs, NOOP)
        remove(*(graph.folder for graph in graphs))
    if bench.options.programs:
        others = [ours(bench), *bench.options.programs.items()]
        if clean:
            graphs = make_graphs(bench, bench.options.others_clean, others)
            measure_clean(bench, graphs, None)
            remove(*(graph.folder for graph in graphs))
        if noop:
            graphs = make_graphs(bench, bench.options.others_stages, others)
            measure_noop(bench, graphs, None)
            remove(*(graph.folder for graph in graphs))


def measure_clean(bench, graphs, bar):
    count = graphs[0].count
    with bench.section(f"clean run of {count:,} stages"):
        measured = bench.turns([(graph.clear, graph.build) for graph in graphs], bench.options.rounds_long)
        remove(*bench.folder.glob("gone-*"))
    work = f"clean run, {count:,} × `cp in out` of 1 KiB, -j2, empty store"
    add_graphs(bench, f"clean-{count}", work, graphs, measured, bar)


def measure_noop(bench, graphs, bar):
    count = graphs[0].count
    with bench.section(f"no-op of {count:,} stages"):
        settle(graphs)
        measured = bench.turns([(nothing, graph.run) for graph in graphs], bench.options.rounds_noop)
        for graph in graphs:
            graph.check_idle()
        bench.progress("peak memory")
        peaks = [[bench.peak_bytes(*graph.words()) for graph in graphs] for _ in range(PEAKS)]
    bench.counters(graphs[0].folder, fresh=count, ran=0)
    add_graphs(bench, f"noop-{count}", f"no-op, {count:,} stages", graphs, measured, bar)
    add_graphs(bench, f"peak-{count}", f"peak memory of the no-op, {count:,} stages", graphs, peaks,
               PEAK if bar else None, show_bytes)


def add_graphs(bench, name, work, graphs, measured, bar, *show):
    """A row for each other tool; the first has the bar."""
    for index, graph in enumerate(graphs[1:], 1):
        against = f"{graph.tool}, same graph"
        pairs = [(values[0], values[index]) for values in measured]
        bench.table.add(f"{name}/{graph.tool}", work, against, bar if index == 1 else None, pairs, *show)


# ---- one large file ----

def write_random(path, size, generator=None):
    with open(path, "wb") as file:
        while size > 0:
            block = min(size, 8 * MIB)
            file.write(generator.randbytes(block) if generator else os.urandom(block))
            size -= block


def large_file(bench):
    """A file of random bytes, outside of the projects that use it."""
    path = bench.folder / "big"
    if not path.exists():
        write_random(path, bench.options.mib * MIB)
        os.sync()
    return path


def size_text(mib):
    return f"{mib // 1024} GiB" if mib % 1024 == 0 else f"{mib} MiB"


def measure_digest(bench):
    size = size_text(bench.options.mib)
    with bench.section(f"digest of {size}"):
        big = large_file(bench)
        project = make_project(bench, "digest", "stages:\n  read:\n    cmd: 'true'\n    deps: [big]\n")
        os.link(big, project / "big")
        bench.counters(project, ran=1)

        def forget():
            remove(project / ".refit/state")
            read_through(big)

        measured = bench.turns([(forget, lambda: bench.run(bench.refit, "-C", project)),
                                (lambda: read_through(big), lambda: bench.run("xxhsum", "-H2", big))])
        remove(project / ".refit/state")
        bench.counters(project, ran=0, failed=0)
        remove(project)
    bench.table.add("digest/xxhsum", f"digest of {size}, page cache warm", "`xxhsum -H2`", DIGEST, measured)


def measure_store(bench):
    size = size_text(bench.options.mib)
    with bench.section(f"store and restore {size}"):
        big, copy = large_file(bench), bench.folder / "copy"
        command = f"ln {shlex.quote(str(big))} out"
        project = make_project(bench, "store", f"stages:\n  make:\n    cmd: {command}\n    outs: [out]\n")

        def prepare(*paths):
            remove(*paths)
            read_through(big)

        measured = bench.turns([
            (lambda: prepare(project / ".refit", project / "refit.lock", project / "out"),
             lambda: bench.run(bench.refit, "-C", project)),
            (lambda: prepare(copy), lambda: bench.run("sh", "-c", 'cp "$0" "$1" && sync "$1"', big, copy))])
        stored = bench.store_stats(project)["chunk_bytes"]
        if stored < bench.options.mib * MIB:
            fail(f"the store has {stored} bytes of chunks")
        bench.table.add("store/cp", f"store {size} of random bytes, synced", "`cp` and `sync`", STORE, measured)
        measured = bench.turns([(lambda: prepare(project / "out"), lambda: bench.run(bench.refit, "-C", project)),
                                (lambda: prepare(copy), lambda: bench.run("cp", big, copy))])
        remove(project / "out")
        bench.counters(project, restored=1, ran=0)
        remove(project, copy)
    bench.table.add("restore/cp", f"restore {size}", "`cp`", RESTORE, measured)


# ---- a folder of small files ----

MANY_STAGE = "stages:\n  make:\n    cmd: mv staging out\n    deps: [version]\n    outs: [out]\n"
MANY_STEPS = ["first digest and store", "no-op", "restore"]


class Many:
    """One stage whose out is a folder of small files, for one tool."""

    def __init__(self, bench, tool, program, source):
        self.bench, self.tool, self.program, self.source = bench, tool, program, source
        self.folder = bench.folder / f"many-{tool}"
        self.folder.mkdir()
        (self.folder / ("refit.yaml" if tool == "refit" else "dvc.yaml")).write_text(MANY_STAGE)

    def prepare(self, step):
        if step == "first digest and store":
            remove(*(self.folder / name for name in
                     ("out", "staging", ".refit", "refit.lock", ".dvc", ".dvcignore", "dvc.lock")))
            (self.folder / "version").write_text("1\n")
            self.bench.run("cp", "-r", self.source, self.folder / "staging")
            if self.tool == "dvc":
                remove(self.bench.folder / "dvc-site")
                init_dvc(self.bench, self.program, self.folder)
        elif step == "no-op":
            time.sleep(SETTLE_S)
            self.run()
        else:
            remove(self.folder / "out")

    def run(self):
        if self.tool == "dvc":
            return self.bench.run(self.program, "--cd", self.folder, "repro", "-q")
        return self.bench.run(self.program, "-C", self.folder)

    def check(self, count):
        found = sum(len(files) for _, _, files in os.walk(self.folder / "out"))
        if found != count:
            fail(f"{self.folder}: {found} files, expected {count}")

    def measure(self, step):
        self.prepare(step)
        os.sync()
        return self.run()


def measure_many(bench):
    count = bench.options.files
    with bench.section(f"folder of {count:,} files"):
        warm, source = bench.folder / "many-warm", bench.folder / "many"
        write_small_files(warm, SMALL_FILES_WARM)
        write_small_files(source, count)
        tools = [ours(bench)] + [(name, program) for name, program in bench.options.programs.items() if name == "dvc"]
        sides = [Many(bench, tool, program, warm) for tool, program in tools]
        times = {step: [] for step in MANY_STEPS}
        rounds = bench.options.rounds_others
        for turn in range(rounds + 1):
            for side in sides:
                side.source = source if turn else warm
            for step in MANY_STEPS:
                bench.progress(f"{step}, " + (f"round {turn} of {rounds}" if turn else "warming up with few"))
                measured = [side.measure(step) for side in sides]
                for side in sides:
                    side.check(count if turn else SMALL_FILES_WARM)
                if turn:
                    times[step].append(measured)
        remove(sides[0].folder / "out")
        bench.counters(sides[0].folder, restored=1, ran=0)
        remove(warm, source, *(side.folder for side in sides))
    for step, measured in times.items():
        work = f"folder of {count:,} files of 1 KiB: {step}"
        if len(sides) > 1:
            bench.table.add(f"many-{step.split()[0]}/dvc", work, "`dvc repro`", MANY, measured)
        else:
            bench.table.put(f"many-{step.split()[0]}/dvc", work, "`dvc repro`", MANY, [], [row[0] for row in measured])


# ---- edits ----

def measure_edits(bench):
    """New chunk bytes after 1% was appended, or inserted in one piece."""
    size = bench.options.edits_mib * MIB
    generator = random.Random(1)
    edited, base = bench.folder / "edited", bench.folder / "base"
    command = f"ln {shlex.quote(str(edited))} out"
    places = {"appended": [size], "inserted": [generator.randrange(size) for _ in range(OFFSETS)]}
    ratios = {word: [] for word in places}
    with bench.section(f"edits of {size_text(size // MIB)}"):
        project = make_project(bench, "edits",
                               f"stages:\n  make:\n    cmd: {command}\n    deps: [version]\n    outs: [out]\n")
        write_random(base, size, generator)
        piece = generator.randbytes(size // 100)
        content = base.read_bytes()
        for word, offsets in places.items():
            for number, place in enumerate(offsets):
                bench.progress(f"{word}, {number + 1} of {len(offsets)}")
                remove(project / ".refit", project / "refit.lock", project / "out")
                before = store_version(bench, project, edited, [content])
                after = store_version(bench, project, edited, [content[:place], piece, content[place:]])
                ratios[word].append((after - before) / before)
        remove(project, edited, base)
    for word in places:
        work = f"1% {word}, {size_text(size // MIB)} of random bytes: new chunk bytes ÷ bytes stored before"
        bench.table.put(f"edits-{word}/", work, "", EDITS, ratios[word])


def store_version(bench, project, edited, pieces):
    """Make the stage produce these bytes; the chunk bytes in the store after that."""
    remove(edited)
    with open(edited, "wb") as file:
        file.writelines(pieces)
    (project / "version").write_text(f"{sum(map(len, pieces))}\n")
    bench.counters(project, ran=1)
    return bench.store_stats(project)["chunk_bytes"]


# ---- starting ----

def measure_generate(bench):
    """Both sides are in one program, which takes their CPU time in turns."""
    count = bench.options.generated
    for kind in ("foreach", "matrix"):
        with bench.section(f"{count:,} stages out of one {kind}"):
            lines = bench.output(ROOT / "build/generate", kind, count, bench.options.rounds_noop).splitlines()
        pairs = [tuple(map(float, line.split())) for line in lines]
        bench.table.add(f"generate-{kind}", f"loading {count:,} stages out of one `{kind}`, CPU time",
                        "libyaml on the same stages written out", GENERATE, pairs)


def measure_history(bench):
    """A history of many runs of 1,000 stages, against git's of as many commits."""
    count = bench.options.past_runs
    with bench.section(f"a history of {count:,} runs"):
        project = make_project(bench, "past", "stages: {}\n")
        bench.run(ROOT / "build/past", project / ".refit/history", count, 1000)
        bench.run("git", "init", "-q", "-b", "main", project)
        stream = "".join(f"commit refs/heads/main\ncommitter a <a@b> {1700000000 + n} +0000\ndata 8\na change\n"
                         f"M 644 inline f{n % 1000}\ndata {len(str(n))}\n{n}\n" for n in range(count))
        subprocess.run(["git", "-C", project, "fast-import", "--quiet"], input=stream.encode(), check=True)
        git = nothing, lambda: bench.run("git", "-C", project, "log", "--oneline")
        for name, words in (("list", []), ("stage", ["--stage", "train@7"]), ("failed", ["--failed", "--since", "1d"]),
                            ("metric", ["--metric", "accuracy"])):
            ours = nothing, lambda words=words: bench.run(bench.refit, "-C", project, "history", *words)
            pairs = bench.turns([ours, git], settle=nothing)
            bench.table.add(f"history-{name}", f"`{' '.join(['history', *words])}` over {count:,} runs",
                            f"`git log --oneline` over {count:,} commits", HISTORY, pairs)


def measure_expectations(bench):
    """20 expectations on a CSV file; what the others find has to be the same."""
    size = size_text(bench.options.table_mib)
    with bench.section(f"expectations on {size}"):
        project = make_project(bench, "expectations", "stages: {}\n")
        (project / "spec.yaml").write_text(expectations.SPEC)
        table = project / "big.csv"
        expectations.write_table(table, bench.options.table_mib * MIB)
        words = {"refit": [bench.refit, "-C", project, "check", "data", "--spec", "spec.yaml", "--json"]}
        for name, python in bench.options.pythons.items():
            words[name] = [python, expectations.__file__, name, table]
        found = {name: json.loads(bench.output(*command)) for name, command in words.items()}
        ours = expectations.of_verdict(found.pop("refit"))
        for name, theirs in found.items():
            wrong = expectations.differences(ours, theirs)
            if wrong:
                fail(f"refit and {name} differ: {'; '.join(wrong)}")
        measured = bench.turns([(lambda: read_through(table), lambda c=command: bench.run(*c))
                                for command in words.values()], bench.options.rounds_others)
        bench.progress("peak memory")
        peaks = [[bench.peak_bytes(*command) for command in words.values()]]
        remove(project)
    work = f"20 expectations on {size} of CSV, 20 columns"
    for index, name in enumerate(words):
        if name != "refit":
            bench.table.add(f"expectations/{name}", work, name, EXPECTATIONS[name],
                            [(row[0], row[index]) for row in measured])
            bench.table.add(f"expectations-peak/{name}", "peak memory of that", name, None,
                            [(row[0], row[index]) for row in peaks], show_bytes)
    if not found:
        bench.table.put("expectations/", work, "", None, [], [row[0] for row in measured])


def measure_start(bench):
    text = "stages:\n  one:\n    cmd: cp in out\n    deps: [in]\n    outs: [out]\n"
    with bench.section("one stage"):
        project = make_project(bench, "start", text)
        (project / "in").write_text("1\n")
        bench.counters(project, ran=1)
        time.sleep(SETTLE_S)
        bench.run(bench.refit, "-C", project)
        bench.counters(project, fresh=1)
        turn = 0

        def edit():
            nonlocal turn
            turn += 1
            (project / "refit.yaml").write_text(f"# {turn}\n{text}")

        run, true = lambda: bench.run(bench.refit, "-C", project), (nothing, lambda: bench.run("true"))
        cold = bench.turns([(edit, run), true], rounds=STARTS, settle=nothing)
        warm = bench.turns([(nothing, run), true], rounds=STARTS, settle=nothing)
        bench.counters(project, fresh=1, ran=0)
        remove(project)
    work = "no-op of one stage, start to exit"
    bench.table.add("start-cold/true", work + ", manifest new each time", "`true`", START, cold)
    bench.table.add("start/true", work, "`true`", None, warm)
