#!/usr/bin/env python3
"""Find the compiler and the libraries, write the build files, and build what is named.

    python3 configure.py                        write build/config.ninja and build.ninja
    python3 configure.py --install-deps demo    the same after installing what is missing, then run `ninja demo`

build.ninja is the same on every machine and is committed; everything of one machine is in build/config.ninja.
"""
import argparse
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent

# The order of the modules: a module includes only modules before it (tests/tidy.py checks it). The files of a module
# are those in its folder.
MODULES = ["base", "manifest", "graph", "schedule", "store", "fingerprint", "execute", "report", "run", "cli"]

# pkg-config name -> Debian package. The same libraries serve every target.
LIBRARIES = {
    "libxxhash": "libxxhash-dev",
    "lmdb": "liblmdb-dev",
    "yaml-0.1": "libyaml-dev",
    "libuv": "libuv1-dev",
    "libzstd": "libzstd-dev",
    "jansson": "libjansson-dev",
}
TEST_LIBRARIES = {"cmocka": "libcmocka-dev"}
TOOLS = {"cc": "gcc", "ninja": "ninja-build", "pkg-config": "pkg-config", "ar": "binutils"}
CLANG = {"clang": ["clang", "libclang-rt-14-dev"]}

# Which packages a target needs beyond the libraries.
TARGET_TOOLS = {
    "test": {"git": "git", "cpp": "libc6-dev"},
    "lint": CLANG,
    "fuzz": CLANG,
    "bench": {"xxhsum": "xxhash", "make": "make"},
}

# gcc's undefined-behaviour checks make it see null formats that are not there.
SANITIZED = "-fno-omit-frame-pointer -Wno-format-truncation -Wno-format-overflow"
VARIANTS = {
    "": "",
    "asan": "-fsanitize=address,undefined -fno-sanitize-recover=all " + SANITIZED,
    "tsan": "-fsanitize=thread " + SANITIZED,
}


def main():
    options = parse_arguments()
    os.chdir(ROOT)
    if options.install_deps:
        install_dependencies(options)
    write_config(options)
    write_ninja()
    if options.targets:
        ninja = shutil.which("ninja") or fail("ninja is missing: run python3 configure.py --install-deps")
        sys.stdout.flush()
        os.execv(ninja, [ninja, *options.targets])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help="ninja targets to build: all test demo bench fuzz lint install")
    parser.add_argument("--install-deps", action="store_true",
                        help="first install what is missing (through sudo if need be)")
    parser.add_argument("--debug", action="store_true", help="no optimisation")
    parser.add_argument("--sanitize", metavar="LIST", default="", help="address,undefined or thread")
    parser.add_argument("--cc", default=os.environ.get("CC", ""), help="C compiler (default: $CC, gcc, clang, cc)")
    parser.add_argument("--prefix", default="/usr/local", help="where `install` puts the program")
    options = parser.parse_args()
    known = {"address", "undefined", "thread"}
    names = [name for name in options.sanitize.split(",") if name]
    if not set(names) <= known or {"thread", "address"} <= set(names):
        parser.error("--sanitize takes address, undefined, or thread alone")
    options.sanitize = names
    return options


def fail(message):
    sys.exit(f"configure.py: {message}")


def missing_packages(targets):
    """Debian packages of what pkg-config or PATH does not have."""
    tools = dict(TOOLS)
    libraries = dict(LIBRARIES)
    libraries.update(TEST_LIBRARIES)
    for target in targets:
        tools.update(TARGET_TOOLS.get(target, {}))
    packages = []
    for tool, package in tools.items():
        if not shutil.which(tool):
            packages += package if isinstance(package, list) else [package]
    if not Path("/usr/include/stdio.h").exists() and shutil.which("apt-get"):
        packages.append("libc6-dev")
    config = shutil.which("pkg-config")
    for name, package in libraries.items():
        if not config or subprocess.run([config, "--exists", name]).returncode != 0:
            packages.append(package)
    if any(target in ("lint", "fuzz") for target in targets) and not has_clang_runtime():
        packages += CLANG["clang"]
    return sorted(set(packages))


def has_clang_runtime():
    clang = shutil.which("clang")
    if not clang:
        return False
    answer = subprocess.run([clang, "-print-resource-dir"], capture_output=True, text=True).stdout.strip()
    return bool(list(Path(answer).glob("lib/**/libclang_rt.fuzzer-*.a")))


def install_dependencies(options):
    packages = missing_packages(options.targets)
    if not packages:
        return
    words = " ".join(packages)
    if not shutil.which("apt-get"):
        fail("this system has no apt-get; install these (Debian's names) with its package manager: " + words)
    sudo = []
    if os.geteuid() != 0:
        sudo = [shutil.which("sudo") or fail("not root, and there is no sudo; as root: apt-get install " + words)]
    print("installing", *packages, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-qq"], install):
        # As an argument of env, since sudo drops the caller's environment.
        full = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", *command]
        if subprocess.run(full, env=environment, stdout=subprocess.DEVNULL).returncode != 0:
            fail("failed: " + shlex.join(full))


def find_compiler(wanted):
    for name in [wanted] if wanted else ["gcc", "clang", "cc"]:
        words = shlex.split(name)
        if words and shutil.which(words[0]):
            return name
    fail(f"no C compiler {wanted or '(gcc, clang or cc)'}: run python3 configure.py --install-deps")


def pkg_config(what, names):
    config = shutil.which("pkg-config") or fail("pkg-config is missing: run python3 configure.py --install-deps")
    answer = subprocess.run([config, what, *names], capture_output=True, text=True)
    if answer.returncode != 0:
        fail(answer.stderr.strip().splitlines()[0] + " (python3 configure.py --install-deps installs it)")
    return answer.stdout.strip()


def write_config(options):
    sanitizers = "-fsanitize=" + ",".join(options.sanitize) if options.sanitize else ""
    if sanitizers:
        sanitizers += " -fno-sanitize-recover=all " + SANITIZED
    has_cmocka = subprocess.run([shutil.which("pkg-config") or "false", "--exists", "cmocka"]).returncode == 0
    settings = {
        "cc": find_compiler(options.cc),
        "ar": "ar",
        "clang": "clang",
        "optimise": "-O0 -g3" if options.debug else "-O2 -g",
        "sanitize": sanitizers,
        "library_cflags": pkg_config("--cflags", LIBRARIES),
        "library_libs": pkg_config("--libs", LIBRARIES),
        "cmocka_cflags": pkg_config("--cflags", TEST_LIBRARIES) if has_cmocka else "",
        "cmocka_libs": pkg_config("--libs", TEST_LIBRARIES) if has_cmocka else "-lcmocka",
        "python": sys.executable,
        "prefix": options.prefix,
    }
    text = "# Written by configure.py: what is true of this machine.\n"
    text += "".join(f"{name} = {str(value).replace('$', '$$')}\n" for name, value in settings.items())
    (ROOT / "build").mkdir(exist_ok=True)
    write_if_changed(ROOT / "build/config.ninja", text)


def write_if_changed(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def sources():
    return [str(path) for module in MODULES for path in sorted(Path("src", module).glob("*.c"))]


def ninja_text():
    """build.ninja: depends on the files in the tree and on nothing else."""
    out = [
        "# Written by configure.py from the files in the tree; the same on every machine.",
        "ninja_required_version = 1.8",
        "builddir = build",
        "include build/config.ninja",
        "",
        "warnings = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla",
        "cflags = -std=c17 -D_GNU_SOURCE $warnings -Iinclude -Isrc $optimise $sanitize $library_cflags",
        "libs = $library_libs -lpthread -lm",
        "",
        "rule cc",
        "  command = $cc $cflags $variant $extra -MMD -MF $out.d -c $in -o $out",
        "  depfile = $out.d",
        "  deps = gcc",
        "  description = cc $out",
        "rule ar",
        "  command = rm -f $out && $ar crs $out $in",
        "  description = ar $out",
        "rule link",
        "  command = $cc $optimise $sanitize $variant -o $out $in $extra $libs",
        "  description = link $out",
        "rule fuzzer",
        "  command = $clang $cflags -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $out $in $libs",
        "  description = fuzzer $out",
        "rule syntax",
        "  command = $checker $cflags $cmocka_cflags -fsyntax-only -MMD -MF $out.d -MT $out $in && touch $out",
        "  depfile = $out.d",
        "  deps = gcc",
        "  description = $checker $in",
        "rule run",
        "  command = $do",
        "  pool = console",
        "  description = $do",
        "",
    ]
    files = sources()
    unit = sorted(Path("tests/unit").glob("test_*.c"))
    fuzz = sorted(Path("tests/fuzz").glob("fuzz_*.c"))
    programs = []
    for variant, flags in VARIANTS.items():
        base = f"build/{variant}" if variant else "build"
        out.append(f"# {variant or 'the program itself'}")
        objects = []
        for name in [*files, "src/main.c"]:
            target = f"{base}/obj/{name[:-2]}.o"
            out += [f"build {target}: cc {name}", f"  variant = {flags}"]
            if name != "src/main.c":
                objects.append(target)
        out.append(f"build {base}/librefit.a: ar {' '.join(objects)}")
        out += [f"build {base}/refit: link {base}/obj/src/main.o {base}/librefit.a", f"  variant = {flags}"]
        programs.append(f"{base}/refit")
        for test in unit:
            target = f"{base}/obj/{str(test)[:-2]}.o"
            out += [f"build {target}: cc {test}", f"  variant = {flags}", "  extra = $cmocka_cflags"]
            out += [f"build {base}/unit/{test.stem}: link {target} {base}/librefit.a", f"  variant = {flags}",
                    "  extra = $cmocka_libs"]
            programs.append(f"{base}/unit/{test.stem}")
        if variant == "asan":
            replay = f"{base}/obj/tests/fuzz/replay.o"
            if fuzz:
                out += [f"build {replay}: cc tests/fuzz/replay.c", f"  variant = {flags}"]
            for driver in fuzz:
                target = f"{base}/obj/{str(driver)[:-2]}.o"
                out += [f"build {target}: cc {driver}", f"  variant = {flags}"]
                out += [f"build {base}/fuzz/{driver.stem}: link {target} {replay} {base}/librefit.a",
                        f"  variant = {flags}"]
                programs.append(f"{base}/fuzz/{driver.stem}")
        out.append("")
    out.append("# coverage-guided fuzzers, one program a driver")
    fuzzers = []
    for driver in fuzz:
        out.append(f"build build/fuzz/{driver.stem}: fuzzer {driver} {' '.join(files)}")
        fuzzers.append(f"build/fuzz/{driver.stem}")
    out += ["", "# every file through both compilers, with warnings as errors"]
    checked = []
    for checker in ("gcc", "clang"):
        for name in [*files, "src/main.c", *map(str, unit), *map(str, fuzz)]:
            target = f"build/syntax/{checker}/{name}.ok"
            out += [f"build {target}: syntax {name}", f"  checker = {checker}"]
            checked.append(target)
    out += [
        "",
        "build all: phony build/refit",
        f"build programs: phony {' '.join(programs)}",
        "build test: run programs",
        "  do = $python tests/run.py",
        "build demo: run build/refit",
        "  do = $python examples/digits/demo.py build/refit",
        "build bench: run build/refit",
        "  do = $python tests/bench/bench.py build/refit",
        f"build fuzz: phony {' '.join(fuzzers)}",
        f"build lint: run {' '.join(checked)}",
        "  do = $python tests/tidy.py",
        "build install: run build/refit",
        "  do = $python tests/install.py build/refit $prefix",
        "default all",
        "",
    ]
    return "\n".join(out)


def write_ninja():
    write_if_changed(ROOT / "build.ninja", ninja_text())


if __name__ == "__main__":
    main()
