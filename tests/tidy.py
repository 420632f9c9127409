#!/usr/bin/env python3
"""The rules of the house that a program can check. One line for each fault; exit 1 if there is one.

    python3 tests/tidy.py               check the tree
    python3 tests/tidy.py --self-test   check that each rule finds what it is for
"""
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.dont_write_bytecode = True
import configure  # noqa: E402

COLUMNS_MAX = 120
FUNCTION_LINES_MAX = 100

# Public headers that are not called as their module.
HEADER_MODULE = {"model_check": "check",
                 "state": "store", "config": "manifest", "dvc": "manifest", "rule": "manifest", "history": "store"}

# A library's header -> the modules that may include it.
LIBRARY_MODULES = {
    r"xxhash\.h": {"base"},
    r"jansson\.h": {"base"},
    r"yaml\.h": {"manifest"},
    r"lmdb\.h": {"store"},
    r"(zstd|zstd_errors|zdict)\.h": {"store", "check"},
    r"zlib\.h": {"check"},
    r"pcre2\.h": {"check"},
    r"uv\.h": {"execute", "run"},
    r"git2.*\.h": {"vcs"},
    r"openssl/.*\.h": {"base"},
}

BANNED = {
    r"(strcpy|strcat|sprintf|vsprintf|gets|strtok)": "writes or reads without a bound",
    r"(system|popen)": "processes are started by execute",
    r"rand": "results must not depend on chance",
    r"atoi": "cannot report a fault",
}
ALLOCATORS = r"(malloc|calloc|realloc|reallocarray|strdup|strndup)"
PRINTERS = r"(printf|vprintf|puts|putchar|perror)"
MAY_PRINT = {"cli", "main", "report"}
MAY_ALLOCATE = {"src/base/arena.c"}
# The arena says on stderr that memory is out before it ends: nothing above it can.
MAY_DIE = {"src/base/arena.c"}

UNFINISHED = "|".join(["TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"])
TEXT = {".c", ".h", ".py", ".yaml", ".yml", ".md", ".sh", ".ninja", ""}
CODE = {".c", ".h", ".py", ".sh", ""}


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 2
    faults = []
    for path in tree():
        try:
            text = (ROOT / path).read_bytes().decode()
        except UnicodeDecodeError:
            faults.append(f"{path}: not UTF-8")
            continue
        faults += check(str(path), text)
    faults += check_ninja((ROOT / "build.ninja").read_text() if (ROOT / "build.ninja").exists() else "", ninja_text())
    print("\n".join(faults) if faults else "tidy", flush=True)
    return 1 if faults else 0


def tree():
    """Text that people write: not what is built, not data. What git ignores is left out where there is git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        names = sorted({os.fsdecode(name) for name in answer.stdout.split(b"\0") if name})
    except (OSError, subprocess.CalledProcessError):
        names = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*"))
    skipped = {"build", ".git", ".refit", "corpus", "data", "__pycache__", ".venv"}
    for name in names:
        path = ROOT / name
        if path.is_file() and not path.is_symlink() and not skipped & set(Path(name).parts):
            if path.suffix in TEXT and path.name not in ("LICENSE", "build.ninja", ".ninja_log", ".ninja_deps"):
                yield Path(name)


def ninja_text():
    os.chdir(ROOT)
    return configure.ninja_text()


def check_ninja(have, want):
    return [] if have == want else ["build.ninja: not up to date; run python3 configure.py"]


def check(path, text):
    """All faults of one file, as lines of text."""
    faults = check_text(path, text)
    if path.endswith((".c", ".h")):
        code = without_comments_and_strings(text)
        faults += check_functions(path, code)
        module = module_of(path)
        if module:
            faults += check_includes(path, module, text) + check_calls(path, module, code)
    return faults


def check_text(path, text):
    faults = []
    suffix = Path(path).suffix
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line:
            faults.append(f"{path}:{number}: a tab")
        if line != line.rstrip():
            faults.append(f"{path}:{number}: white space at the end of the line")
        if suffix in CODE and len(line) > COLUMNS_MAX:
            faults.append(f"{path}:{number}: {len(line)} columns; {COLUMNS_MAX} is the limit")
        if re.search(rf"\b({UNFINISHED})\b", line):
            faults.append(f"{path}:{number}: unfinished business")
    if text and not text.endswith("\n"):
        faults.append(f"{path}: no newline at the end")
    return faults


# ---- C ----

def module_of(path):
    """The module that a file of src/ or include/ belongs to; None for other files."""
    parts = Path(path).parts
    if parts[:1] == ("src",):
        return parts[1] if len(parts) > 2 else "main"
    if parts[:2] == ("include", "refit"):
        return "base" if parts[2] == "base" else header_module(Path(path).stem)
    return None


def header_module(stem):
    return HEADER_MODULE.get(stem, stem)


def rank(module):
    order = [*configure.MODULES, "main"]
    return order.index(module) if module in order else None


def check_includes(path, module, text):
    faults = []
    if rank(module) is None:
        return [f"{path}: belongs to no module of configure.py"]
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r"\s*#\s*include\s*([<\"])([^>\"]+)[>\"]", line)
        if not match:
            continue
        bracket, name = match.groups()
        fault = include_fault(module, name) if bracket == '"' else library_fault(module, name)
        if fault:
            faults.append(f"{path}:{number}: {fault}")
    return faults


def include_fault(module, name):
    parts = name.split("/")
    if len(parts) == 1:
        return None  # of its own folder
    if parts[0] == "refit":
        other = "base" if parts[1] == "base" else header_module(Path(name).stem)
    else:
        other = parts[0]
    if rank(other) is None:
        return f'"{name}" belongs to no module'
    if rank(other) > rank(module):
        return f'{module} includes "{name}" of {other}, which comes after it'
    return None


def library_fault(module, name):
    for pattern, modules in LIBRARY_MODULES.items():
        if re.fullmatch(pattern, name) and module not in modules:
            return f"<{name}> stays inside {' and '.join(sorted(modules))}"
    return None


def check_calls(path, module, code):
    faults = []
    for number, line in enumerate(code.split("\n"), 1):
        for pattern, why in BANNED.items():
            faults += [f"{path}:{number}: {match}() {why}" for match in calls(pattern, line)]
        if path not in MAY_ALLOCATE:
            faults += [f"{path}:{number}: {match}(): use an arena, or mem_alloc()" for match in calls(ALLOCATORS, line)]
        if module not in MAY_PRINT and path not in MAY_DIE:
            faults += [f"{path}:{number}: {match}(): only cli and report print" for match in calls(PRINTERS, line)]
            faults += [f"{path}:{number}: {match}(): return a status" for match in calls("exit", line)]
            if re.search(r"\b(stdout|stderr)\b", line):
                faults.append(f"{path}:{number}: only cli and report print")
    return faults


def calls(pattern, line):
    return [match.group(1) for match in re.finditer(rf"(?<![\w.>])({pattern})\s*\(", line)]


def check_functions(path, code):
    """House style puts the braces of a function, and nothing else, into the first column."""
    faults, start = [], None
    for number, line in enumerate(code.split("\n"), 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start:
            if number - start - 1 > FUNCTION_LINES_MAX:
                faults.append(f"{path}:{start}: a function of {number - start - 1} lines; "
                              f"{FUNCTION_LINES_MAX} is the limit")
            start = None
    return faults


def without_comments_and_strings(text):
    """The same lines, with comments and the insides of literals blanked."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''

    def blank(match):
        found = match.group(0)
        return re.sub(r"[^\n]", " ", found) if found[0] == "/" else found[0] * 2

    return re.sub(pattern, blank, text, flags=re.DOTALL)


# ---- does each rule fire? ----

def self_test():
    early, late = configure.MODULES[1], configure.MODULES[-1]
    cases = [
        # file, text, what the fault must say; None = no fault
        (f"src/{early}/a.c", f'#include "refit/{late}.h"\n', "comes after"),
        (f"src/{early}/a.c", f'#include "{late}/private.h"\n', "comes after"),
        (f"src/{late}/a.c", f'#include "refit/{early}.h"\n', None),
        (f"src/{late}/a.c", f'#include "{late}/private.h"\n', None),
        ("include/refit/manifest.h", '#include "refit/state.h"\n', "comes after"),
        ("include/refit/state.h", '#include "refit/base/str.h"\n', None),
        ("src/base/a.c", '#include "refit/nothing.h"\n', "no module"),
        ("src/nothing/a.c", "\n", "no module"),
        ("src/main.c", f'#include "refit/{late}.h"\n', None),
        ("src/graph/a.c", "#include <uv.h>\n", "stays inside"),
        ("src/run/a.c", "#include <uv.h>\n", None),
        ("src/run/a.c", "#include <lmdb.h>\n", "stays inside"),
        ("src/store/a.c", "#include <xxhash.h>\n", "stays inside"),
        ("src/store/a.c", "#include <yaml.h>\n", "stays inside"),
        ("src/cli/a.c", "#include <jansson.h>\n", "stays inside"),
        ("src/run/a.c", "#include <zstd.h>\n", "stays inside"),
        *[("src/base/a.c", f"    {name}(a);\n", f"{name}()") for name in
          "strcpy strcat sprintf gets system popen strtok rand atoi malloc calloc realloc exit printf puts".split()],
        ("src/base/a.c", "    fprintf(stderr, a);\n", "only cli and report"),
        ("src/cli/a.c", "    printf(a);\n    exit(1);\n", None),
        ("src/base/a.c", "    snprintf(a, 1, b); mem_alloc(1); operand(x); _exit(1); s->rand(1);\n", None),
        ("src/base/a.c", '    f("malloc(1)"); /* printf(a) */ // exit(1)\n', None),
        ("src/base/arena.c", "    malloc(1);\n", None),
        ("src/base/a.c", "\tx;\n", "a tab"),
        ("src/base/a.c", "x; \n", "white space"),
        ("src/base/a.c", "x;", "no newline"),
        ("src/base/a.c", "x" * 121 + "\n", "columns"),
        ("src/base/a.c", "→" * 120 + "\n", None),
        ("README.md", "x" * 200 + "\n", None),
        ("src/base/a.c", "/* TO" "DO later */\n", "unfinished"),
        ("tests/a.py", "# FIX" "ME\n", "unfinished"),
        ("src/base/a.c", "int f(void)\n{\n" + "    x;\n" * 101 + "}\n", "a function of 101"),
        ("src/base/a.c", "int f(void)\n{\n" + "    x;\n" * 100 + "}\n", None),
        ("tests/unit/test_a.c", '#include <cmocka.h>\n#include "refit/run.h"\n    malloc(1);\n', None),
    ]
    wrong = 0
    for path, text, want in cases:
        faults = check(path, text)
        if (want is None and faults) or (want is not None and not any(want in fault for fault in faults)):
            print(f"{path} {text[:80]!r}: expected {want or 'no fault'}, found {faults}")
            wrong += 1
    if not check_ninja("old", "new") or check_ninja("same", "same"):
        print("the rule about build.ninja is blind")
        wrong += 1
    print(f"{len(cases) + 1 - wrong} rules hold, {wrong} do not")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
