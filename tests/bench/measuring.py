"""Running commands in turn, and what is noted while they run."""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
PEAK = ROOT / "build/peak"  # built by `ninja bench`


def fail(message):
    raise SystemExit("bench.py: " + message)


def nothing():
    pass


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.refit = str(options.refit)
        self.table = None
        # Nothing of the user's configuration or caches: what is used is what the commands here say.
        mine = ("REFIT_", "NINJA_", "MAKE", "MFLAGS", "DVC_", "SNAKEMAKE_")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(mine)}
        self.environment.update(XDG_CONFIG_HOME=str(folder / "config"), XDG_CACHE_HOME=str(folder / "cache"),
                                DVC_SITE_CACHE_DIR=str(folder / "dvc-site"), DVC_NO_ANALYTICS="1")
        self.log = open(folder / "log", "wb")
        self.title = ""

    # ---- one command ----

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
        words = [str(word) for word in words]
        seconds, code = self.spawn(words)
        if code != 0:
            tail = Path(self.log.name).read_bytes()[-2000:].decode(errors="replace")
            fail(f"exit status {code}: {' '.join(words)}\n{tail}")
        return seconds

    def output(self, *words):
        """What a command that has to succeed prints."""
        answer = subprocess.run([str(word) for word in words], env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if answer.returncode != 0:
            fail(f"exit status {answer.returncode}: {answer.args}\n{answer.stdout[-2000:]}")
        return answer.stdout

    def peak_bytes(self, *words):
        """The most memory that the command had resident."""
        return int(self.output(PEAK, *words).splitlines()[-1])

    # ---- refit ----

    def counters(self, project, *words, **expected):
        """`refit run --json`, whose counters have to be as expected."""
        last = json.loads(self.output(self.refit, "-C", project, "run", "--json", *words).splitlines()[-1])
        for name, value in expected.items():
            if last[name] != value:
                fail(f"{project}: {name} is {last[name]}, expected {value}: {last}")

    def store_stats(self, project):
        return json.loads(self.output(self.refit, "-C", project, "store", "stats", "--json"))

    # ---- in turn ----

    def turns(self, sides, rounds=None, settle=os.sync):
        """Rounds of measurements, one for each side. A side is (prepare, measure); they take turns, and the first
        round is not kept. All that was written is on disk before each measurement."""
        rounds = rounds or self.options.rounds
        measured = []
        for turn in range(rounds + 1):
            self.progress(f"round {turn} of {rounds}" if turn else "warming up")
            values = []
            for prepare, measure in sides:
                prepare()
                settle()
                values.append(measure())
            if turn:
                measured.append(values)
        return measured

    @contextlib.contextmanager
    def section(self, title):
        self.title = title
        start = time.monotonic()
        self.progress("preparing")
        yield
        self.progress()
        print(f"bench: {title}: {time.monotonic() - start:.0f} s in all", file=sys.stderr, flush=True)

    def progress(self, text=None):
        """One line, over and over, for who watches it."""
        if sys.stderr.isatty():
            print("\r\033[K" + (f"bench: {self.title}: {text}" if text else ""), end="", file=sys.stderr, flush=True)


# ---- files ----

def remove(*paths):
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif os.path.lexists(path):
            path.unlink()


def read_through(path):
    """Bring a file into the page cache."""
    with open(path, "rb", buffering=0) as file:
        block = bytearray(4 * MIB)
        while file.readinto(block):
            pass
