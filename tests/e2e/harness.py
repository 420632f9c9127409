"""What the end-to-end tests share: a project in a temporary folder, and the program run in it.

A test is a script; it fails by raising. It then says what was expected, and shows the last commands with their output.
The program is $REFIT, by default build/refit. REFIT_TEST_KEEP=1 keeps the folder of a test.
"""
import atexit
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFIT = os.path.abspath(os.environ.get("REFIT", ROOT / "build/refit"))
PATIENCE_S = 60  # how long to wait for something that must happen; never part of what is asserted
COUNTERS = ("fresh", "restored", "ran", "failed", "blocked", "skipped")
SANITIZER_EXIT = 99
FINDINGS = ("AddressSanitizer", "ThreadSanitizer", "LeakSanitizer", "runtime error:", "Assertion `")
SKIPPED = 77

calls = []  # what was run, for the report of a failure


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def equal(got, wanted, what):
    if got == wanted:
        return
    if isinstance(got, dict) and isinstance(wanted, dict):
        keys = [key for key in [*wanted, *got] if key not in got or key not in wanted or got[key] != wanted[key]]
        got, wanted = ({key: side.get(key, "nothing") for key in keys} for side in (got, wanted))
    raise AssertionError(f"{what}: expected {short(wanted)}, got {short(got)}")


def short(value):
    text = repr(value)
    return text if len(text) <= 2000 else text[:2000] + "..."


def contains(text, *parts):
    """All parts, in this order."""
    at = 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            raise AssertionError(f"expected {part!r}{' after what came before it' if at else ''} in:\n{text}")
        at = found + len(part)


def skip(reason):
    print(reason)
    sys.exit(SKIPPED)


def venv():
    """The Python that has what tests need from PyPI (tests/pypi.py). A test that asks for it is tagged `venv`."""
    sys.path.insert(0, str(ROOT / "tests"))
    import pypi
    try:
        return pypi.interpreter()
    except pypi.Unavailable as error:
        skip(str(error))


def wait_until(condition, what):
    """Poll until condition() holds, and return what it gave."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.01)


def is_alive(pid):
    """Does the process run? One that is dead and waits to be reaped does not."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def has_open(pid, *names):
    """Has the process a file open whose path has one of these in it?"""
    links = []
    try:
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            links.append(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
    except OSError:
        pass  # a descriptor that was closed, or a process that has ended
    return any(name in link for link in links for name in names)


def waiting_in(pid):
    """Where in the kernel each thread of a process is."""
    return [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/wchan")]


def stacks(pid):
    """Where each thread of a process is; "" without gdb."""
    if not shutil.which("gdb"):
        return ""
    words = ["gdb", "--batch", "-p", str(pid), "-ex", "thread apply all backtrace"]
    return "\n" + subprocess.run(words, capture_output=True, text=True, timeout=60).stdout


class Result:
    """What one invocation gave. stdout and stderr are text; raw_stdout and raw_stderr are bytes."""

    def __init__(self, arguments, code, stdout, stderr):
        self.arguments, self.code = arguments, code
        self.raw_stdout, self.raw_stderr = stdout, stderr
        self.stdout = stdout.decode(errors="surrogateescape")
        self.stderr = stderr.decode(errors="surrogateescape")
        self.text = self.stdout + self.stderr

    def describe(self):
        words = " ".join(map(str, self.arguments))
        return f"$ refit {words}\n{self.text[-4000:]}(exit {self.code})"

    @property
    def json(self):
        """The one document of status, why, graph, ...."""
        return json.loads(self.raw_stdout.decode())

    @property
    def events(self):
        return [json.loads(line) for line in self.raw_stdout.decode().splitlines()]

    @property
    def finished(self):
        last = self.events[-1]
        equal(last["event"], "run_finished", "the last line of --json")
        return last

    @property
    def counts(self):
        return {name: self.finished[name] for name in COUNTERS}

    def of(self, event):
        return [entry for entry in self.events if entry["event"] == event]

    @property
    def states(self):
        """stage → its state in this run, and stage → the reason given."""
        return {entry["stage"]: entry["state"] for entry in self.of("stage_finished")}

    @property
    def reasons(self):
        return {entry["stage"]: entry["reason"] or "" for entry in self.of("stage_finished")}

    @property
    def started(self):
        """The stages whose commands ran, in order, each once."""
        return list(dict.fromkeys(entry["stage"] for entry in self.of("stage_started")))

    def start_reason(self, stage):
        return next(entry["reason"] or "" for entry in self.of("stage_started") if entry["stage"] == stage)

    @property
    def warnings(self):
        return [entry["text"] for entry in self.of("warning")]

    @property
    def notes(self):
        return [entry["text"] for entry in self.of("note")]


def check_result(result, exit):
    for finding in FINDINGS:
        expect(finding not in result.stderr, f"the program under test has a fault: {finding}")
    expect(result.code != SANITIZER_EXIT, "a sanitizer found a fault")
    if exit is not None:
        equal(result.code, exit, f"exit status of refit {' '.join(map(str, result.arguments))}")


class Background:
    """A program that was started and not waited for."""

    def __init__(self, arguments, process):
        self.arguments, self.process, self.pid = arguments, process, process.pid

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, exit=0):
        try:
            stdout, stderr = self.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            where = f"{waiting_in(self.pid)}{stacks(self.pid)}"
            self.process.kill()
            stdout, stderr = self.process.communicate()
            calls.append(Result(self.arguments, "killed", stdout, stderr))
            words = " ".join(map(str, self.arguments))
            raise AssertionError(f"refit {words} does not end; it waits in {where}") from None
        result = Result(self.arguments, self.process.returncode, stdout, stderr)
        calls.append(result)
        check_result(result, exit)
        return result


class Project:
    """A folder with a manifest, a home of its own, and the program to run there."""

    def __init__(self, manifest=None, base=None, name="project"):
        self.base = Path(base or tempfile.mkdtemp(prefix="refit-e2e-"))
        if not base:
            atexit.register(remove_all, self.base)
        self.root = self.base / name
        self.home = self.base / "home"
        self.root.mkdir()
        self.home.mkdir(exist_ok=True)
        self.environment = clean_environment(self.home)
        if manifest is not None:
            self.manifest(manifest)

    def sibling(self, name):
        """Another, empty, project beside this one with the same home and environment."""
        other = Project(base=self.base, name=name)
        other.environment = dict(self.environment)
        return other

    # files

    def path(self, name):
        return self.root / (os.fsdecode(name) if isinstance(name, bytes) else name)

    def manifest(self, text):
        return self.write("refit.yaml", textwrap.dedent(text))

    def write(self, name, content="", executable=False):
        """Write in place: the file keeps its inode, as with most editors' and programs' writes."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if executable:
            path.chmod(path.stat().st_mode | 0o100)
        return path

    def read(self, name):
        return self.path(name).read_text()

    def bytes(self, name):
        return self.path(name).read_bytes()

    def exists(self, name):
        return os.path.lexists(self.path(name))

    def remove(self, *names):
        for name in names:
            path = self.path(name)
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def link(self, name, text):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(text)

    def replace(self, name, old, new):
        """Edit a file."""
        text = self.read(name)
        expect(old in text, f"the test is wrong: no {old!r} in {name}")
        self.write(name, text.replace(old, new))

    def touch(self, name):
        later = self.path(name).stat().st_mtime_ns + 5_000_000_000
        os.utime(self.path(name), ns=(later, later))

    def snapshot(self, name=".", times=True):
        """What is there, by path: kind, permissions, digest of the bytes or text of the link, time of a change."""
        found = {}
        top = os.fsencode(self.path(name))
        for folder, folders, files in os.walk(top):
            for entry in folders + files:
                path = os.path.join(folder, entry)
                found[os.path.relpath(path, os.fsencode(self.root))] = describe(path, times)
        return found

    def grep(self, needle):
        """Files below the root whose bytes contain it."""
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*")
                      if path.is_file() and not path.is_symlink() and needle.encode() in path.read_bytes())

    # the program

    def start(self, *arguments, env=None, cwd=None):
        environment = {**self.environment, **(env or {})}
        environment = {name: value for name, value in environment.items() if value is not None}
        process = subprocess.Popen([REFIT, *arguments], cwd=cwd or self.root, env=environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   start_new_session=True)
        return Background(arguments, process)

    def refit(self, *arguments, exit=0, env=None, cwd=None):
        """Run to the end. `exit` is the status that must come out; None = any."""
        return self.start(*arguments, env=env, cwd=cwd).wait(exit)

    def run(self, *arguments, exit=0, env=None, cwd=None, **counts):
        """refit run --json. `counts` are all the counters that are not 0."""
        result = self.refit("run", "--json", *arguments, exit=exit, env=env, cwd=cwd)
        equal(result.counts, {name: counts.get(name, 0) for name in COUNTERS}, "counters")
        equal(result.finished["exit"], exit, "`exit` in run_finished")
        return result

    def status(self, *arguments, exit=0, env=None):
        """stage → its entry in refit status --json."""
        answer = self.refit("status", "--json", *arguments, exit=exit, env=env).json
        return {entry["name"]: entry for entry in answer["stages"]}

    def verdicts(self, *arguments, env=None):
        return {name: entry["verdict"] for name, entry in self.status(*arguments, env=env).items()}

    def why(self, stage, env=None):
        """(verdict, {(kind, name): (old, new)})"""
        answer = self.refit("why", stage, "--json", env=env).json
        equal(answer["stage"], stage, "stage in why")
        changes = {(each["kind"], path_of(each, "name")): (each["old"], each["new"]) for each in answer["changes"]}
        return answer["verdict"], changes

    def git(self, *words, cwd=None):
        """What git says; without one there is no test."""
        if not shutil.which("git"):
            skip("git is not installed")
        return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always",
                               *words], cwd=cwd or self.root, check=True, env=self.environment, capture_output=True,
                              text=True).stdout

    def store_stats(self):
        return self.refit("store", "stats", "--json").json

    def wait_for(self, name):
        wait_until(lambda: self.exists(name), f"{name} to appear")

    def wait_pid(self, name):
        """The number that a command wrote into a file."""
        def complete():
            text = self.read(name) if self.exists(name) else ""
            return text.endswith("\n") and int(text)
        return wait_until(complete, f"a pid in {name}")


def path_of(entry, name):
    """A path in JSON: text, or bytes where it is not UTF-8."""
    return entry[name] if name in entry else bytes.fromhex(entry[f"{name}_hex"])


def clean_environment(home):
    environment = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ASAN_OPTIONS": f"exitcode={SANITIZER_EXIT}",
        "UBSAN_OPTIONS": f"exitcode={SANITIZER_EXIT}:print_stacktrace=1",
        "TSAN_OPTIONS": f"exitcode={SANITIZER_EXIT}",
    }
    for name in ("TMPDIR", "REFIT_TEST_TOKEN", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


def describe(path, times):
    info = os.lstat(path)
    kind = stat.S_IFMT(info.st_mode)
    content = ""
    if stat.S_ISLNK(info.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(info.st_mode):
        with open(path, "rb") as file:
            content = hashlib.sha256(file.read()).hexdigest()[:16]
    when = info.st_mtime_ns if times and not stat.S_ISDIR(info.st_mode) else 0
    return kind, stat.S_IMODE(info.st_mode), content, when


def remove_all(folder):
    if os.environ.get("REFIT_TEST_KEEP"):
        print(f"kept: {folder}")
        return
    for path, _, _ in os.walk(folder):
        os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def show_failure(kind, value, trace):
    sys.__excepthook__(kind, value, trace)
    for call in calls[-4:]:
        print(call.describe(), file=sys.stderr)
    print(f"{Path(sys.argv[0]).parent.name}: {kind.__name__}: {value}", file=sys.stderr)


sys.excepthook = show_failure
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever began this with nohup(1) ignores it, and programs inherit that


# A small pipeline that many tests use: data.txt → split → train → evaluate.

def pipeline(project=None):
    p = project or Project()
    p.write("data.txt", "one\ntwo\nthree\nfour\nfive\n")
    p.write("params.yaml", "split:\n  rows: 3\ntrain:\n  lr: 0.1\n")
    p.write("split.sh", 'rows=$(sed -n "s/^  rows: //p" params.yaml)\nmkdir -p work\n'
                        'head -n "$rows" data.txt > work/train.txt\n'
                        'tail -n +"$((rows + 1))" data.txt > work/test.txt\n')
    p.write("train.sh", 'lr=$(sed -n "s/^  lr: //p" params.yaml)\n'
                        'echo "training with $lr"\n(echo "lr $lr"; cat work/train.txt) > model.txt\n')
    p.write("evaluate.sh", 'echo "{\\"lines\\": $(cat model.txt work/test.txt | wc -l), '
                           '\\"model\\": \\"$(head -n 1 model.txt)\\"}" > metrics.json\n')
    p.manifest("""\
        stages:
          split:
            kind: data
            cmd: sh split.sh
            deps: [split.sh, data.txt]
            params: [split.rows]
            outs: [work/train.txt, work/test.txt]
          train:
            kind: model
            cmd: sh train.sh
            deps: [train.sh, work/train.txt]
            params: [train.lr]
            outs: [model.txt]
          evaluate:
            kind: model
            cmd: sh evaluate.sh
            deps: [evaluate.sh, model.txt, work/test.txt]
            metrics: [metrics.json]
        """)
    return p


# One stage, which makes so many other bytes whenever it runs, and has a key for each n.

def maker(size, project=None):
    p = project or Project()
    p.manifest(f"""\
        stages:
          make:
            cmd: cat params.yaml && head -c {size} /dev/urandom > out.bin
            params: [n]
            outs: [out.bin]
        """)
    return p


def makers_on_one_store(size):
    a = maker(size)
    a.environment["REFIT_STORE"] = str(a.base / "store")
    return a, maker(size, a.sibling("b"))


def set_n(p, n):
    p.write("params.yaml", f"n: {n}\n")
