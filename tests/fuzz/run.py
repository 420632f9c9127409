#!/usr/bin/env python3
"""Fuzz: each driver in turn, for the same time, one process at a time at the lowest priority, again and again.

    ninja fuzz && python3 tests/fuzz/run.py --minutes 60      an hour; what it found and how far it came at the end
    python3 tests/fuzz/run.py --minutes 5 lock pack           these drivers alone
    python3 tests/fuzz/run.py --merge                         new inputs into the corpora of the tree, and no fuzzing

What is new goes to build/fuzz/work/DRIVER, and totals over all invocations to build/fuzz/totals.json; inputs that made
a driver fail are build/fuzz/findings/DRIVER-*. At the end the inputs that reach something which the corpus in the tree
does not are copied there. Exit 1 if there was a finding.
"""
import argparse
import json
import os
import re
import signal
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests/fuzz/corpus"
BUILD = ROOT / "build/fuzz"
LIMIT_FILES, LIMIT_BYTES, LIMIT_INPUT = 300, 1 << 20, 16384  # of a corpus in the tree
SLOW = {"export": 65536}  # a store is opened or verified for each input
MEMORY = "/dev/shm"  # a store or state for each input is faster there
COLUMNS = ("cpu_s", "executions", "slices", "edges", "features", "findings")


def main():
    options = parse_arguments()
    os.nice(19)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    drivers = (ROOT / "tests/fuzz").glob("fuzz_*.c")
    names = options.drivers or sorted(path.stem.removeprefix("fuzz_") for path in drivers)
    for name in names:
        if not program(name).exists():
            sys.exit(f"{program(name)} is missing: ninja fuzz")
    totals = Totals()
    try:
        if not options.merge:
            fuzz(names, options, totals)
    except (KeyboardInterrupt, SystemExit):
        print("stopped", flush=True)
    finally:
        for name in names:
            merge(name)
    totals.show(names)
    return 1 if any(totals.of(name)["findings"] for name in names) else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drivers", nargs="*", help="lock, manifest, ... (all)")
    parser.add_argument("--minutes", type=float, default=10, help="in all (10)")
    parser.add_argument("--slice", type=float, default=30, metavar="S", help="seconds that a driver has at a time (30)")
    parser.add_argument("--merge", action="store_true", help="only merge what earlier invocations found")
    return parser.parse_args()


def program(name):
    return BUILD / f"fuzz_{name}"


class Totals:
    """What each driver has had and reached, kept over invocations."""

    def __init__(self):
        self.path = BUILD / "totals.json"
        self.all = json.loads(self.path.read_text()) if self.path.exists() else {}

    def of(self, name):
        return self.all.setdefault(name, dict.fromkeys(COLUMNS, 0))

    def save(self):
        self.path.write_text(json.dumps(self.all, indent=1) + "\n")

    def show(self, names):
        print(f"{'driver':<12}{'CPU hours':>10}{'executions':>14}{'edges':>8}{'features':>10}{'findings':>10}"
              f"{'corpus':>18}")
        for name in names:
            each = self.of(name)
            files = [path.stat().st_size for path in (CORPUS / name).iterdir()]
            print(f"{name:<12}{each['cpu_s'] / 3600:>10.2f}{each['executions']:>14,}{each['edges']:>8}"
                  f"{each['features']:>10}{each['findings']:>10}{f'{len(files)}, {sum(files):,} B':>18}")
        print(f"{'all':<12}{sum(self.of(name)['cpu_s'] for name in names) / 3600:>10.2f}"
              f"{sum(self.of(name)['executions'] for name in names):>14,}", flush=True)


def fuzz(names, options, totals):
    """Whoever had least is next."""
    end = time.monotonic() + options.minutes * 60
    while time.monotonic() < end:
        name = min(names, key=lambda each: totals.of(each)["cpu_s"])
        one_slice(name, min(options.slice, max(1, end - time.monotonic())), totals.of(name))
        totals.save()


def one_slice(name, seconds, total):
    work = BUILD / "work" / name
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as output, scratch_folder() as scratch:
        command = [program(name), f"-max_total_time={int(seconds)}", "-timeout=60", "-rss_limit_mb=3000",
                   "-print_final_stats=1", "-reload=0", artifacts(name),
                   f"-max_len={SLOW.get(name, LIMIT_INPUT)}", work, CORPUS / name]
        dictionary = ROOT / f"tests/fuzz/{name}.dict"
        command += [f"-dict={dictionary}"] if dictionary.exists() else []
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": scratch})
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        note(name, output.read().decode(errors="replace"), process.returncode, used, total)


def scratch_folder():
    return tempfile.TemporaryDirectory(prefix="refit-fuzz-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None)


def artifacts(name):
    """Where what makes a driver fail goes."""
    findings = BUILD / "findings"
    findings.mkdir(exist_ok=True)
    return f"-artifact_prefix={findings}/{name}-"


def note(name, text, code, used, total):
    executed = re.search(r"stat::number_of_executed_units: (\d+)", text)
    reached = re.findall(r"cov: (\d+) ft: (\d+)", text)
    total["cpu_s"] += used.ru_utime + used.ru_stime
    total["slices"] += 1
    total["executions"] += int(executed.group(1)) if executed else 0
    if reached:
        total["edges"], total["features"] = map(int, reached[-1])
    print(f"{time.strftime('%H:%M:%S')} {name}: {executed.group(1) if executed else '?'} executions, "
          f"{total['edges']} edges, {total['features']} features", flush=True)
    if code:
        total["findings"] += 1
        print("\n".join(text.splitlines()[-60:]), flush=True)


def merge(name):
    """Inputs that reach an edge which the corpus does not, as long as there is room. The short come first."""
    corpus, work = CORPUS / name, BUILD / "work" / name
    corpus.mkdir(exist_ok=True)
    if not work.is_dir():
        return
    with scratch_folder() as folder:
        merged = Path(folder, "merged")
        shutil.copytree(corpus, merged)
        environment = {**os.environ, "TMPDIR": folder}
        command = [program(name), "-merge=1", "-use_counters=0", artifacts(name), f"-max_len={LIMIT_INPUT}", merged,
                   work]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, env=environment)
        sizes = [path.stat().st_size for path in corpus.iterdir()]
        for path in sorted(merged.iterdir(), key=lambda each: (each.stat().st_size, each.name)):
            size = path.stat().st_size
            if not (corpus / path.name).exists() and len(sizes) < LIMIT_FILES and sum(sizes) + size <= LIMIT_BYTES:
                shutil.copy(path, corpus)
                sizes.append(size)


if __name__ == "__main__":
    sys.exit(main())
