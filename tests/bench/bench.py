#!/usr/bin/env python3
"""Measure refit against the tools that people compare it with, side by side: bench.py REFIT [--quick]

Prints a Markdown table. A row is a pair of commands run in turn, A B A B ..., after one unmeasured turn; its number
is the median of the ratios A/B of neighbours, with the lowest and the highest. Before each measured command the file
system is synced, so that neither pays for what the other wrote.

Pairings that need a word:
  no-op    Both tools have the same graph of independent `cp in out`, everything is built, and nothing has changed.
           refit distrusts files that were changed less than 2 s before they were hashed (as git does); a pause and
           one settling run come first.
  digest   A stage with one dep, no outs and a record in the store; its state (the stat cache) is removed before each
           run, so that the file is read and hashed again. Includes the start of the program.
  store    The stage's command makes its out with `ln`, which costs nothing: what is measured is reading, chunking,
           hashing and writing the bytes durably into an empty store. `cp big copy && sync copy` reads and writes the
           same bytes, durably too.
  restore  The out is removed; refit brings it back from the store, verified. `cp` copies the original. Neither syncs.
  many     One stage whose out is a folder of small files that its command moves into place; the same stage in dvc.yaml.
"""
import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
BLOCK_BYTES = 8 * MIB
SETTLE_S = 2.5
SMALL_BYTES = 1 * KIB
FILES_A_FOLDER = 1000
STARTS = 100
OFFSETS = 5
EDITED_MIB_MIN = 128  # for a smaller file a chunk is more than 1%


def main():
    options = parse_arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as folder:
        bench = Bench(options, Path(folder))
        for name, measure in MEASURES.items():
            if not options.only or name in options.only:
                print(f"bench: {name}", file=sys.stderr, flush=True)
                measure(bench)
        text = bench.report()
    print(text)
    if options.output:
        options.output.write_text(text + "\n")
    if options.check and any(row["verdict"] == "missed" for row in bench.rows):
        raise SystemExit(1)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("refit", type=Path)
    parser.add_argument("--quick", action="store_true", help="1,000 stages, 64 MiB, 2,000 files, 3 rounds")
    parser.add_argument("--stages", type=int, nargs="+", help="sizes of the no-op graphs (default: 10000 100000)")
    parser.add_argument("--mib", type=int, help="size of the large file (default: 1024)")
    parser.add_argument("--files", type=int, help="number of small files (default: 70000)")
    parser.add_argument("--rounds", type=int, help="measured turns of each pair (default: 7)")
    parser.add_argument("--only", nargs="+", choices=MEASURES, help="these rows alone")
    parser.add_argument("--dvc", metavar="PROGRAM", help="the `dvc` to compare with, in a virtual environment")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/bench", help="where (default: build/bench)")
    parser.add_argument("--output", type=Path, help="write the table to this file too")
    parser.add_argument("--check", action="store_true", help="exit 1 if a bar is missed")
    options = parser.parse_args()
    quick = options.quick
    options.stages = options.stages or ([1000] if quick else [10000, 100000])
    options.mib = options.mib or (64 if quick else 1024)
    options.files = options.files or (2000 if quick else 70000)
    options.rounds = options.rounds or (3 if quick else 7)
    options.refit = options.refit.resolve()
    options.folder = options.folder.resolve()
    return options


# ---- running and measuring ----

class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.refit = str(options.refit)
        self.rows = []
        # Nothing of the user's configuration: stores and jobs are those that the commands here say.
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("REFIT_", "NINJA_"))}
        self.environment["XDG_CONFIG_HOME"] = str(folder / "config")
        self.log = open(folder / "log", "wb")

    def spawn(self, words):
        """Run a command with its output in the log; (seconds, exit status)."""
        actions = [(os.POSIX_SPAWN_DUP2, self.log.fileno(), 1), (os.POSIX_SPAWN_DUP2, self.log.fileno(), 2)]
        program = shutil.which(words[0]) or fail(f"{words[0]} is missing")
        start = time.perf_counter()
        pid = os.posix_spawn(program, words, self.environment, file_actions=actions)
        _, status = os.waitpid(pid, 0)
        return time.perf_counter() - start, os.waitstatus_to_exitcode(status)

    def run(self, *words):
        """Run a command that has to succeed; seconds."""
        seconds, code = self.spawn(list(map(str, words)))
        if code != 0:
            tail = Path(self.log.name).read_bytes()[-2000:].decode(errors="replace")
            fail(f"exit status {code}: {' '.join(map(str, words))}\n{tail}")
        return seconds

    def counters(self, project, *words, **expected):
        """`refit run --json`, whose counters have to be as expected."""
        answer = subprocess.run([self.refit, "-C", project, "run", "--json", *words], env=self.environment,
                                stdout=subprocess.PIPE, check=True)
        last = json.loads(answer.stdout.splitlines()[-1])
        for name, value in expected.items():
            if last[name] != value:
                fail(f"{project}: {name} is {last[name]}, expected {value}: {last}")

    def turns(self, ours, theirs, rounds=None, settle=os.sync):
        """Pairs of (seconds, seconds). Each side is (prepare, measure), called in turn."""
        pairs = []
        for turn in range((rounds or self.options.rounds) + 1):
            pair = []
            for prepare, measure in (ours, theirs):
                prepare()
                settle()
                pair.append(measure())
            if turn:
                pairs.append(pair)
        return pairs

    def add(self, work, against, bar, pairs, show=None):
        """A row of the table from pairs of ours and theirs; the ratio has to be at most `bar`."""
        ratios = [a / b for a, b in pairs]
        self.add_ratios(work, against, bar, ratios, show or show_seconds, pairs)

    def add_ratios(self, work, against, bar, ratios, show, pairs=()):
        ratio = statistics.median(ratios)
        self.rows.append({
            "work": work,
            "against": against,
            "bar": "≤ " + show_ratio(bar),
            "ratio": f"{show_ratio(ratio)} ({show_ratio(min(ratios))} to {show_ratio(max(ratios))})",
            "ours": show(statistics.median(a for a, _ in pairs)) if pairs else "",
            "theirs": show(statistics.median(b for _, b in pairs)) if pairs else "",
            "verdict": "met" if ratio <= bar else "missed",
        })
        print(f"bench:   {work}: {self.rows[-1]['ratio']}", file=sys.stderr, flush=True)

    def add_alone(self, work, against, bar, times):
        self.rows.append({"work": work, "against": against, "bar": "≤ " + show_ratio(bar), "ratio": "",
                          "ours": show_seconds(statistics.median(times)), "theirs": "not measured (--dvc)",
                          "verdict": ""})

    def report(self):
        lines = [f"{name}: {value}" for name, value in self.circumstances()]
        names = ["work", "against", "bar", "ratio", "ours", "theirs", "verdict"]
        titles = ["work", "against", "bar", "measured: median (lowest to highest)", "refit", "the other", "verdict"]
        table = [titles, ["---"] * len(titles)] + [[row[name] for name in names] for row in self.rows]
        return "\n".join([*("- " + line for line in lines), "", *("| " + " | ".join(cells) + " |" for cells in table)])

    def circumstances(self):
        yield "machine", f"{processor()}, {len(os.sched_getaffinity(0))} processors, {memory()} of memory"
        yield "system", f"{platform.system()} {platform.release()}, file system {file_system(self.folder)}"
        for program in filter(None, (self.refit, "ninja", "xxhsum", "cp", self.options.dvc)):
            yield Path(program).name, version(program)
        options = self.options
        yield "sizes", (f"{', '.join(f'{n:,}' for n in options.stages)} stages, {options.mib:,} MiB, {options.files:,} "
                        f"files, {options.rounds} rounds")


def fail(message):
    raise SystemExit("bench.py: " + message)


def nothing():
    pass


def remove(*paths):
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif os.path.lexists(path):
            path.unlink()


def show_ratio(ratio):
    return f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}"


def show_seconds(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def show_bytes(amount):
    return f"{amount / MIB:.1f} MiB"


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory():
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / GIB:.0f} GiB"


def file_system(path):
    answer = subprocess.run(["stat", "-f", "-c", "%T", path], stdout=subprocess.PIPE, text=True, check=True)
    return answer.stdout.strip()


def version(program):
    answer = subprocess.run([program, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return answer.stdout.strip().splitlines()[0] if answer.stdout.strip() else "?"


# ---- what is built ----

def write_random(path, size, generator=None):
    with open(path, "wb") as file:
        while size > 0:
            block = min(size, BLOCK_BYTES)
            file.write(generator.randbytes(block) if generator else os.urandom(block))
            size -= block


def small_name(number):
    return f"{number // FILES_A_FOLDER:03}/{number:06}"


def write_small_files(folder, count):
    generator = random.Random(count)
    for number in range(count):
        path = folder / small_name(number)
        if number % FILES_A_FOLDER == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(generator.randbytes(SMALL_BYTES))


def make_copies(bench, name, count):
    """The same graph for both tools: `count` times `cp in out`. Two folders."""
    ours, theirs = bench.folder / f"{name}-refit", bench.folder / f"{name}-ninja"
    for folder in (ours, theirs):
        write_small_files(folder / "in", count)
    names = [small_name(number) for number in range(count)]
    with open(ours / "refit.yaml", "w") as file:
        file.write("stages:\n")
        for n, path in enumerate(names):
            file.write(f"  s{n}:\n    cmd: cp in/{path} out/{path}\n    deps: [in/{path}]\n    outs: [out/{path}]\n")
    with open(theirs / "build.ninja", "w") as file:
        file.write("rule cp\n  command = cp $in $out\n")
        file.writelines(f"build out/{path}: cp in/{path}\n" for path in names)
    return ours, theirs


def make_project(bench, name, text):
    folder = bench.folder / name
    folder.mkdir()
    (folder / "refit.yaml").write_text(text)
    return folder


# ---- the rows ----

def measure_noop(bench):
    for count in bench.options.stages:
        ours, theirs = make_copies(bench, f"noop{count}", count)
        refit, ninja = [bench.refit, "-C", ours], ["ninja", "-C", theirs]
        bench.run(*refit, "-j2")
        bench.run(*ninja, "-j2")
        time.sleep(SETTLE_S)
        bench.run(*refit)
        bench.counters(ours, fresh=count)
        pairs = bench.turns((nothing, lambda: bench.run(*refit)), (nothing, lambda: bench.run(*ninja)))
        bench.add(f"no-op, {count:,} stages", "ninja, same graph", 1.0, pairs)
        peaks = [(peak_bytes(bench, refit), peak_bytes(bench, ninja)) for _ in range(3)]
        bench.add(f"peak memory of that no-op, {count:,} stages", "ninja", 2.0, peaks, show_bytes)
        remove(ours, theirs)


# A process starts with the peak of the program that it was forked from, so a small one stands between.
PEAK = """
import os, sys
null = os.open(os.devnull, os.O_WRONLY)
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_bytes(bench, words):
    answer = subprocess.run([sys.executable, "-I", "-S", "-c", PEAK, *map(str, words)], env=bench.environment,
                            stdout=subprocess.PIPE, check=True)
    return int(answer.stdout) * KIB


def measure_clean(bench):
    count = min(bench.options.stages)
    ours, theirs = make_copies(bench, "clean", count)
    pairs = bench.turns(
        (lambda: remove(ours / "out", ours / ".refit", ours / "refit.lock"),
         lambda: bench.run(bench.refit, "-C", ours, "-j2")),
        (lambda: remove(theirs / "out", theirs / ".ninja_log", theirs / ".ninja_deps"),
         lambda: bench.run("ninja", "-C", theirs, "-j2")))
    bench.add(f"clean run, {count:,} × `cp in out` of 1 KiB, -j2, empty store", "ninja, same graph", 1.1, pairs)
    remove(ours, theirs)


def large_file(bench):
    """A file of random bytes, outside of the projects that use it."""
    path = bench.folder / "big"
    if not path.exists():
        write_random(path, bench.options.mib * MIB)
        os.sync()
    return path


def size_text(bench):
    mib = bench.options.mib
    return f"{mib // 1024} GiB" if mib % 1024 == 0 else f"{mib} MiB"


def measure_digest(bench):
    big = large_file(bench)
    project = make_project(bench, "digest", "stages:\n  read:\n    cmd: 'true'\n    deps: [big]\n")
    os.link(big, project / "big")
    bench.counters(project, ran=1)
    pairs = bench.turns(
        (lambda: remove(project / ".refit" / "state"), lambda: bench.run(bench.refit, "-C", project)),
        (nothing, lambda: bench.run("xxhsum", "-H2", big)))
    remove(project / ".refit" / "state")
    bench.counters(project, ran=0, failed=0)
    bench.add(f"digest of {size_text(bench)}, page cache warm", "`xxhsum -H2`", 1.15, pairs)
    remove(project)


def measure_store(bench):
    big, copy = large_file(bench), bench.folder / "copy"
    project = make_project(bench, "store", f"stages:\n  make:\n    cmd: ln {big} out\n    outs: [out]\n")
    pairs = bench.turns(
        (lambda: remove(project / ".refit", project / "refit.lock", project / "out"),
         lambda: bench.run(bench.refit, "-C", project)),
        (lambda: remove(copy), lambda: bench.run("sh", "-c", f"cp {big} {copy} && sync {copy}")))
    stats = store_stats(bench, project)
    if stats["chunk_bytes"] < bench.options.mib * MIB:
        fail(f"the store has {stats['chunk_bytes']} bytes of chunks")
    bench.add(f"store {size_text(bench)} of random bytes, synced", "`cp` and `sync`", 1.3, pairs)
    pairs = bench.turns(
        (lambda: remove(project / "out"), lambda: bench.run(bench.refit, "-C", project)),
        (lambda: remove(copy), lambda: bench.run("cp", big, copy)))
    remove(project / "out")
    bench.counters(project, restored=1, ran=0)
    bench.add(f"restore {size_text(bench)}", "`cp`", 1.3, pairs)
    remove(project, copy)


def store_stats(bench, project):
    answer = subprocess.run([bench.refit, "-C", project, "store", "stats", "--json"], env=bench.environment,
                            stdout=subprocess.PIPE, check=True)
    return json.loads(answer.stdout)


def measure_many(bench):
    count = bench.options.files
    source = bench.folder / "small"
    write_small_files(source, count)
    stage = "stages:\n  make:\n    cmd: mv staging out\n    deps: [version]\n    outs: [out]\n"
    ours = make_project(bench, "many-refit", stage)
    theirs = bench.folder / "many-dvc"
    repro = [[bench.refit, "-C", str(ours)]]
    if bench.options.dvc:
        theirs.mkdir()
        (theirs / "dvc.yaml").write_text(stage)
        repro.append(["sh", "-c", 'cd "$1" && exec "$0" repro -q', bench.options.dvc, str(theirs)])
    sides = [side for side, _ in zip((ours, theirs), repro)]

    def fresh(side):
        remove(side / "out", side / "staging", side / ".refit", side / "refit.lock", side / ".dvc", side / "dvc.lock")
        (side / "version").write_text("1\n")
        shutil.copytree(source, side / "staging")
        if side == theirs:
            bench.run("sh", "-c", 'cd "$1" && "$0" init -q --no-scm && "$0" config core.analytics false',
                      bench.options.dvc, str(theirs))

    steps = [
        (f"folder of {count:,} files of 1 KiB: first digest and store", fresh),
        ("the same: no-op", lambda side: None),
        ("the same: restore", lambda side: remove(side / "out")),
    ]
    times = {work: [] for work, _ in steps}
    for _ in range(min(3, bench.options.rounds)):
        for index, (work, prepare) in enumerate(steps):
            for side in sides:
                prepare(side)
            if index == 1:
                time.sleep(SETTLE_S)
                for words in repro:
                    bench.run(*words)
            pair = []
            for words in repro:
                os.sync()
                pair.append(bench.run(*words))
            times[work].append(pair)
    remove(ours / "out")
    bench.counters(ours, restored=1, ran=0)
    for work, pairs in times.items():
        if bench.options.dvc:
            bench.add(work, "`dvc repro`", 1 / 20, pairs)
        else:
            bench.add_alone(work, "`dvc repro`", 1 / 20, [pair[0] for pair in pairs])
    remove(source, ours, theirs)


def measure_edits(bench):
    """New chunk bytes after 1% was appended, or inserted in one piece."""
    size = max(bench.options.mib // 4, EDITED_MIB_MIN) * MIB
    generator = random.Random(1)
    project = make_project(bench, "edits", f"stages:\n  make:\n    cmd: ln {bench.folder}/edited out\n"
                           "    deps: [version]\n    outs: [out]\n")
    edited, base, piece = bench.folder / "edited", bench.folder / "base", generator.randbytes(size // 100)
    write_random(base, size, generator)
    offsets = {"appended": [size], "inserted": [generator.randrange(size) for _ in range(OFFSETS)]}
    for word, places in offsets.items():
        ratios = []
        for place in places:
            remove(project / ".refit", project / "refit.lock", project / "out")
            before = store_version(bench, project, edited, [base.read_bytes()])
            content = base.read_bytes()
            after = store_version(bench, project, edited, [content[:place], piece, content[place:]])
            ratios.append((after - before) / before)
        work = f"1% {word}, {size // MIB} MiB of random bytes: new chunk bytes ÷ bytes stored before"
        bench.add_ratios(work, "", 0.03, ratios, show_bytes)
    remove(project, edited, base)


def store_version(bench, project, edited, pieces):
    """Make the stage produce these bytes; the chunk bytes in the store after that."""
    remove(edited)
    with open(edited, "wb") as file:
        file.writelines(pieces)
    version_file = project / "version"
    version_file.write_text(f"{sum(map(len, pieces))}\n")
    bench.counters(project, ran=1)
    return store_stats(bench, project)["chunk_bytes"]


def measure_start(bench):
    project = make_project(bench, "start", "stages:\n  one:\n    cmd: cp in out\n    deps: [in]\n    outs: [out]\n")
    (project / "in").write_text("1\n")
    bench.counters(project, ran=1)
    time.sleep(SETTLE_S)
    bench.run(bench.refit, "-C", project)
    bench.counters(project, fresh=1)
    pairs = bench.turns((nothing, lambda: bench.run(bench.refit, "-C", project)), (nothing, lambda: bench.run("true")),
                        rounds=STARTS, settle=nothing)
    bench.add("no-op of one stage, start to exit", "`true`", 5.0, pairs)
    remove(project)


MEASURES = {
    "noop": measure_noop,
    "clean": measure_clean,
    "digest": measure_digest,
    "store": measure_store,
    "many": measure_many,
    "edits": measure_edits,
    "start": measure_start,
}

if __name__ == "__main__":
    main()
