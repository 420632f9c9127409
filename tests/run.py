#!/usr/bin/env python3
"""Run every test that is built: unit programs, fuzz corpora, behaviours of the program, the rules of tidy.py.

    ninja test                                    everything
    python3 tests/run.py --filter lock            tests whose name contains `lock`
    python3 tests/run.py --repeat 10 --load 4     ten times, beside four processes that compute and sync
    python3 tests/run.py --program build/refit    the end-to-end tests with this program alone

The last line is `N passed, N failed`, with `, N skipped` if there were any; before it, of a repetition, how often each
test failed that ever did. Exit 1 if one failed.
"""
import argparse
import collections
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S = 120
TAIL_LINES = 40
SKIPPED = 77  # exit status of a test that cannot be done on this machine

# Unit programs worth running under the thread sanitizer: those of what is used from several threads.
THREADED = {"test_store", "test_state", "test_execute", "test_schedule", "test_fingerprint", "test_digest",
            "test_stat_cache", "test_run", "test_report", "test_verify", "test_export", "test_gc"}

# A status that no program under test uses, so that a sanitizer's finding is never taken for an expected failure.
SANITIZERS = {
    "ASAN_OPTIONS": "exitcode=99:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1",
    "TSAN_OPTIONS": "exitcode=99:second_deadlock_stack=1",
}

BUSY = """
import os, sys, time
with open(sys.argv[1], "wb") as file:
    while True:
        until = time.monotonic() + 0.1
        while time.monotonic() < until:
            pass
        os.pwrite(file.fileno(), os.urandom(1 << 16), 0)
        os.fsync(file.fileno())
"""


class Test:
    def __init__(self, name, command, environment=None, unusable=None, needs_venv=False):
        self.name = name
        self.needs_venv = needs_venv
        self.command = [str(word) for word in command]
        self.environment = environment or {}
        self.unusable = unusable  # why it is skipped


def main():
    options = parse_arguments()
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(prefix="refit-test-") as folder:
        tests = [test for test in find_tests(options, Path(folder)) if is_wanted(test, options.filter)]
        if options.list:
            print("\n".join(test.name for test in tests))
            return 0
        prepare(tests)
        with loaded(options.load, Path(folder)):
            results = run_all(tests * options.repeat, options, Path(folder))
    if options.repeat > 1:
        show_often([test.name for test in tests] * options.repeat, results)
    passed, failed, skipped = (results.count(word) for word in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filter", metavar="WORD", action="append", help="only tests with this (or one of these) in "
                        "their name")
    parser.add_argument("--jobs", metavar="N", type=int, default=2, help="tests at once (2)")
    parser.add_argument("--program", metavar="PATH", help="only the end-to-end tests, with this program")
    parser.add_argument("--plain", action="store_true", help="only unit programs and end-to-end tests, plain")
    parser.add_argument("--repeat", metavar="N", type=int, default=1, help="each test so many times (1)")
    parser.add_argument("--load", metavar="N", type=int, default=0, help="beside so many busy processes (0)")
    parser.add_argument("--stop", action="store_true", help="start no more tests after one that failed")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    return parser.parse_args()


def is_wanted(test, words):
    return not words or any(word in test.name for word in words)


# ---- what there is ----

def find_tests(options, folder):
    if options.program:
        return e2e_tests("", Path(options.program).resolve())
    if options.plain:
        return unit_tests("", lambda name: True) + e2e_tests("", ROOT / "build/refit")
    tests = [Test("tidy/self-test", [sys.executable, "tests/tidy.py", "--self-test"])]
    tsan = tsan_wrapper()
    tests += unit_tests("", lambda name: True)
    tests += unit_tests("asan/", lambda name: True)
    tests += unit_tests("tsan/", lambda name: name in THREADED, tsan)
    tests += fuzz_tests()
    tests += [random_test("", 1, 6), random_test("", 101, 6), random_test("asan/", 1, 3)]
    tests += [use_test("", 5, 20, 60), use_test("asan/", 5, 8, 1)]
    tests += e2e_tests("", ROOT / "build/refit")
    tests += e2e_tests("asan/", ROOT / "build/asan/refit", without="plain")
    tests += e2e_tests("tsan/", wrapped(ROOT / "build/tsan/refit", tsan, folder), "tsan", tsan)
    return tests


def tsan_wrapper():
    """What the thread sanitizer needs before its programs: nothing, or a fixed address space. None: it cannot run."""
    for wrapper in ([], ["setarch", "-R"]):
        try:
            if subprocess.run([*wrapper, "build/tsan/refit", "--version"], capture_output=True).returncode == 0:
                return wrapper
        except OSError:
            pass
    built = Path("build/tsan/refit").exists()
    return None if built and refuses_to_map() else []


def refuses_to_map():
    answer = subprocess.run(["build/tsan/refit", "--version"], capture_output=True, text=True)
    return "unexpected memory mapping" in answer.stderr


def wrapped(program, wrapper, folder):
    if not wrapper:
        return program
    script = folder / "refit"
    script.write_text(f"#!/bin/sh\nexec {' '.join(wrapper)} '{program}' \"$@\"\n")
    script.chmod(0o755)
    return script


def unit_tests(variant, wanted, wrapper=()):
    names = sorted(path.stem for path in Path("tests/unit").glob("test_*.c"))
    unusable = "the thread sanitizer does not start on this machine" if wrapper is None else None
    return [Test(f"{variant}unit/{name}", [*(wrapper or []), f"build/{variant}unit/{name}"], unusable=unusable)
            for name in names if wanted(name)]


def fuzz_tests():
    names = sorted(path.stem.removeprefix("fuzz_") for path in Path("tests/fuzz").glob("fuzz_*.c"))
    return [Test(f"asan/fuzz/{name}", [f"build/asan/fuzz/fuzz_{name}", f"tests/fuzz/corpus/{name}"]) for name in names]


def random_test(variant, seed, sequences):
    """The same sequences each time; tests/random/soundness.py by hand takes others."""
    command = [sys.executable, "-B", "tests/random/soundness.py", "--seed", seed, "--sequences", sequences, "--jobs", 2,
               "--shrink", 20]
    return Test(f"{variant}random/soundness-{seed}", command, {"REFIT": str(ROOT / f"build/{variant}refit")})


def use_test(variant, seed, cycles, rate):
    """Part of a day; sanitizers do without the library that makes the clock hurry."""
    command = [sys.executable, "-B", "tests/random/use.py", "--seed", seed, "--cycles", cycles, "--rate", rate,
               "--budget", 1024]
    return Test(f"{variant}random/use-{seed}", command, {"REFIT": str(ROOT / f"build/{variant}refit")})


def tags(script):
    match = re.search(r"^# tags: (.*)$", script.read_text(), re.MULTILINE)
    return match.group(1).split() if match else []


def e2e_tests(variant, program, tag=None, wrapper=(), without=None):
    unusable = "the thread sanitizer does not start on this machine" if wrapper is None else None
    environment = {"REFIT": str(program), "PYTHONPATH": "tests/e2e"}
    return [Test(f"{variant}e2e/{script.parent.name}", [sys.executable, "-B", script], environment, unusable,
                 "venv" in tags(script))
            for script in sorted(Path("tests/e2e").glob("*/test.py"))
            if (tag is None or tag in tags(script)) and without not in tags(script)]


def prepare(tests):
    """What takes longer than a test may, the first time. Whoever cannot have it says so in the test."""
    if any(test.needs_venv for test in tests):
        subprocess.run([sys.executable, "-B", "tests/pypi.py"], stdout=subprocess.DEVNULL)


# ---- running them ----

def run_all(tests, options, folder):
    results = []
    lock = threading.Lock()

    def one(test):
        with lock:
            if options.stop and "failed" in results:
                return "not run"
        word, detail = run_test(test, folder)
        with lock:
            results.append(word)
            progress(f"{len(results)}/{len(tests)} {test.name}", clear=word != "passed" or len(results) == len(tests))
            if word != "passed":
                print(f"{word.upper()} {test.name}: {detail}", flush=True)
        return word

    # Otherwise a terminal's interrupt leaves tests behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ThreadPoolExecutor(max(1, options.jobs)) as pool:
        return list(pool.map(one, tests))


def show_often(names, results):
    failures = collections.Counter(name for name, word in zip(names, results) if word == "failed")
    for name, count in sorted(failures.items()):
        print(f"{name} failed {count} times of {names.count(name)}")


@contextlib.contextmanager
def loaded(count, folder):
    """Beside processes that leave tests little time, and disks little rest."""
    busy = [subprocess.Popen([sys.executable, "-c", BUSY, folder / f"load-{number}"]) for number in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def progress(text, clear):
    if not sys.stdout.isatty():
        return
    sys.stdout.write("\r\x1b[K" + ("" if clear else text[:100]))
    sys.stdout.flush()


def run_test(test, folder):
    if test.unusable:
        return "skipped", test.unusable
    token = uuid.uuid4().hex
    scratch = folder / token
    scratch.mkdir()
    environment = {**os.environ, **SANITIZERS, **test.environment, "TMPDIR": str(scratch), "REFIT_TEST_TOKEN": token,
                   "PYTHONDONTWRITEBYTECODE": "1"}
    with open(scratch / "output", "w+b") as output:
        try:
            code = run_limited(test.command, environment, output)
        except OSError as error:
            return "failed", f"cannot start {test.command[0]}: {error.strerror}"
        finally:
            end_leftovers(token)
            remove_leftovers(token)
        output.seek(0)
        text = output.read().decode(errors="replace")
    shutil.rmtree(scratch, ignore_errors=True)  # what cannot go now goes with the whole folder
    if code == 0:
        return "passed", ""
    tail = text.rstrip().splitlines()[-TAIL_LINES:]
    if code == SKIPPED:
        return "skipped", tail[-1] if tail else "no reason given"
    what = f"over {LIMIT_S} s" if code is None else f"exit {code}" if code >= 0 else f"signal {-code}"
    return "failed", "\n    ".join([what, *tail])


def run_limited(command, environment, output):
    """The exit status, or None if it took too long."""
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        return process.wait(LIMIT_S)
    except subprocess.TimeoutExpired:
        return None
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def end_leftovers(token):
    """Commands of stages are in groups of their own: find what a test left behind by the token in its environment."""
    mark = f"REFIT_TEST_TOKEN={token}".encode()
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                if mark in file.read().split(b"\0"):
                    os.kill(int(entry), signal.SIGKILL)
        except OSError:
            pass  # gone, or not ours


def remove_leftovers(token):
    """What a test that was killed had in memory: its folder has the token in its name."""
    for path in Path("/dev/shm").glob(f"refit-*-{token}-*"):
        shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
