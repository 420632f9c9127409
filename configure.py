#!/usr/bin/env python3
"""Find the compiler and the libraries, write the build files, and build what is named.

    python3 configure.py                        write build/config.ninja and build.ninja
    python3 configure.py --install-deps demo    the same after installing what is missing, then run `ninja demo`

build.ninja is the same on every machine and is committed; everything of one machine is in build/config.ninja.
"""
import os
import sys

try:
    import argparse
    import re
    import shlex
    import shutil
    import subprocess
    from pathlib import Path
except ImportError as missing:
    sys.exit(f"configure.py: this Python is not whole ({missing}); on Debian: apt-get install python3")

ROOT = Path(__file__).resolve().parent

# The order of the modules: a module includes only modules before it (tests/tidy.py checks it). The files of a module
# are those in its folder.
MODULES = ["base", "statistics", "check", "manifest", "graph", "schedule", "store", "fingerprint", "execute", "vcs",
           "gate", "report", "run", "cli"]

# pkg-config name -> Debian package. The same libraries serve every target.
LIBRARIES = {
    "libxxhash >= 0.8": "libxxhash-dev",
    "lmdb": "liblmdb-dev",
    "yaml-0.1": "libyaml-dev",
    "libuv": "libuv1-dev",
    "libzstd": "libzstd-dev",
    "jansson": "libjansson-dev",
    "zlib": "zlib1g-dev",
}
# xxHash for x86 can be built so that it picks the widest instructions of the processor.
DISPATCH = "#include <xxh_x86dispatch.h>\nint main(void) { return (int)XXH3_128bits(\"\", 0).low64; }\n"
# Loaded when first needed (src/vcs/git2.c, src/base/crypto.c), since linking to them would take longer than all else at
# every start.
LOADED_LIBRARIES = {"libgit2": "libgit2-dev", "libcrypto": "libssl-dev", "libpcre2-8": "libpcre2-dev"}
TEST_LIBRARIES = {"cmocka": "libcmocka-dev"}
TOOLS = {"ninja": "ninja-build", "pkg-config": "pkg-config", "ar": "binutils"}
COMPILERS = ["gcc", "clang", "cc"]

# Which packages a target needs beyond the compiler and the libraries.
TARGET_TOOLS = {
    "test": {"git": "git", "ssh-keygen": "openssh-client", "strace": "strace"},
    "lint": {"gcc": "gcc", "clang": "clang"},
    "fuzz": {"clang": "clang"},
    "bench": {"xxhsum": "xxhash", "make": "make"},
}

# Sizes that `ninja bench` compares: log2 of a chunk's average bytes, and MiB of a transaction. The store is built for
# each; 18 and 32 are those that it has otherwise.
BENCH_SIZES = [(15, 32), (16, 32), (17, 32), (18, 32), (19, 32), (20, 32), (18, 4), (18, 8), (18, 16), (18, 64)]


def bench_program(bits, batch_mib):
    return f"build/chunks/{bits}-{batch_mib}/chunks"

# The rules that the program brings along, as C (src/manifest/embed.py).
SHIPPED = "build/rules.c"

# gcc's undefined-behaviour checks make it see null formats that are not there; clang may not know these warnings.
QUIET = ["-Wno-format-truncation", "-Wno-format-overflow"]
VARIANTS = {
    "": "",  # as --sanitize says
    "asan": "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer $quiet",
    "tsan": "-fsanitize=thread -fno-omit-frame-pointer $quiet",
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
    options.cc = options.cc.strip()
    options.prefix = os.path.abspath(os.path.expanduser(options.prefix))
    return options


def fail(message):
    sys.exit(f"configure.py: {message}")


def missing_packages(options):
    """Debian packages of what pkg-config or PATH does not have."""
    tools = dict(TOOLS)
    for target in options.targets:
        tools.update(TARGET_TOOLS.get(target, {}))
    packages = [package for tool, package in tools.items() if not shutil.which(tool)]
    compiler = choose_compiler(options.cc)
    if not compiler:
        packages.append(Path(shlex.split(options.cc)[0]).name if options.cc else "gcc")
    if not compiler or not accepts(compiler, [], "#include <stdio.h>\n"):
        packages.append("libc6-dev")
    for name, package in {**LIBRARIES, **LOADED_LIBRARIES, **TEST_LIBRARIES}.items():
        if not has_library(name):
            packages.append(package)
    if "test" in options.targets and not can_make_venv():
        packages.append("python3-venv")
    return sorted({*packages, *missing_clang_runtime(options, compiler or options.cc)})


def has_library(name):
    config = shutil.which("pkg-config")
    return bool(config) and subprocess.run([config, "--exists", name]).returncode == 0


def can_make_venv():
    """Some tests need packages from PyPI (tests/pypi.py). Debian's Python comes without what installs them."""
    return subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True).returncode == 0


def missing_clang_runtime(options, compiler):
    """The package of clang's sanitizers and its fuzzer, which Debian does not install with clang."""
    if "fuzz" in options.targets:
        compiler = "clang"
    elif "test" not in options.targets and not options.sanitize:
        return []
    match = re.search(r"\bclang(-\d+)?$", compiler)
    if not match or has_clang_runtime(compiler):
        return []
    return [f"libclang-rt{match.group(1) or ''}-dev"]


def has_clang_runtime(compiler):
    try:
        words = [*shlex.split(compiler), "-print-resource-dir"]
        answer = subprocess.run(words, capture_output=True, text=True).stdout.strip()
    except OSError:
        return False
    return bool(list(Path(answer).glob("lib/**/libclang_rt.fuzzer*.a")))


def install_dependencies(options):
    packages = missing_packages(options)
    if not packages:
        return
    words = " ".join(packages)
    if not shutil.which("apt-get"):
        fail("this system has no apt-get; install these (Debian's names) with its package manager: " + words)
    sudo = []
    if os.geteuid() != 0:
        sudo = [shutil.which("sudo") or fail("not root, and there is no sudo; as root: apt-get install " + words)]
    print("installing", *packages, flush=True)
    if not apt_get(sudo, ["update"]):
        print("configure.py: apt-get update failed; going on with the package lists that are there", file=sys.stderr)
    # In releases where it is not a package of its own, the runtime comes with clang.
    packages = [name for name in packages if not name.startswith("libclang-rt") or apt_knows(name)]
    if not apt_get(sudo, ["install", "-y", "--no-install-recommends", *packages]):
        fail("apt-get could not install " + words)


def apt_get(sudo, words):
    # As an argument of env, since sudo drops the caller's environment. Another apt may be at work on a new machine.
    command = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    return subprocess.run([*command, *words], stdout=subprocess.DEVNULL).returncode == 0


def apt_knows(package):
    return subprocess.run(["apt-cache", "show", package], capture_output=True).returncode == 0


def choose_compiler(wanted):
    for name in [wanted] if wanted else COMPILERS:
        if shutil.which(shlex.split(name)[0]):
            return name
    return None


def find_compiler(wanted):
    return choose_compiler(wanted) or fail(
        f"no C compiler {wanted or '(gcc, clang or cc)'}: run python3 configure.py --install-deps")


def accepts(compiler, flags, text=""):
    """Does the compiler take these flags and this text without a warning?"""
    command = [*shlex.split(compiler), *flags, "-Werror", "-x", "c", "-fsyntax-only", "-"]
    return subprocess.run(command, input=text, text=True, capture_output=True).returncode == 0


def links(compiler, cflags, libs, text):
    """Does a program of this text link?"""
    probe = ROOT / "build/probe"
    command = [*shlex.split(compiler), *shlex.split(cflags), "-x", "c", "-", "-o", str(probe), *shlex.split(libs)]
    good = subprocess.run(command, input=text, text=True, capture_output=True).returncode == 0
    probe.unlink(missing_ok=True)
    return good


def pkg_config(what, names):
    config = shutil.which("pkg-config") or fail("pkg-config is missing: run python3 configure.py --install-deps")
    answer = subprocess.run([config, what, *names], capture_output=True, text=True)
    if answer.returncode != 0:
        why = (answer.stderr.strip() or f"pkg-config {what} failed").splitlines()[0]
        fail(why + " (python3 configure.py --install-deps installs it)")
    return answer.stdout.strip()


def write_config(options):
    compiler = find_compiler(options.cc)
    (ROOT / "build").mkdir(exist_ok=True)
    quiet = " ".join(QUIET) if accepts(compiler, QUIET) else ""
    sanitizers = "-fsanitize=" + ",".join(options.sanitize) if options.sanitize else ""
    if sanitizers:
        sanitizers += " -fno-sanitize-recover=all -fno-omit-frame-pointer " + quiet
    has_cmocka = has_library("cmocka")
    cflags = pkg_config("--cflags", {**LIBRARIES, **LOADED_LIBRARIES})
    libs = pkg_config("--libs", LIBRARIES)
    if links(compiler, cflags, libs, DISPATCH):
        cflags = f"{cflags} -DHAS_XXH_DISPATCH".strip()
    settings = {
        "cc": compiler,
        "ar": "ar",
        "clang": "clang",
        "optimise": "-O0 -g3" if options.debug else "-O2 -g",
        "quiet": quiet,
        "sanitize": sanitizers,
        "library_cflags": cflags,
        "library_libs": libs,
        "cmocka_cflags": pkg_config("--cflags", TEST_LIBRARIES) if has_cmocka else "",
        "cmocka_libs": pkg_config("--libs", TEST_LIBRARIES) if has_cmocka else "-lcmocka",
        "python": shlex.quote(sys.executable),
        "prefix": shlex.quote(options.prefix),
    }
    text = "# Written by configure.py: what is true of this machine.\n"
    text += "".join(f"{name} = {str(value).replace('$', '$$')}\n" for name, value in settings.items())
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
        "cflags = -std=c17 -D_GNU_SOURCE -ffp-contract=off $warnings -Iinclude -Isrc $optimise $library_cflags",
        "variant = $sanitize",
        "libs = $library_libs -lpthread -lm -ldl",
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
        "  command = $cc $optimise $variant -o $out $in $extra $libs",
        "  description = link $out",
        "rule preload",
        "  command = $cc $cflags -fPIC -shared -MMD -MF $out.d -o $out $in",
        "  depfile = $out.d",
        "  deps = gcc",
        "  description = link $out",
        "rule syntax",
        "  command = $checker $cflags $cmocka_cflags -fsyntax-only -MMD -MF $out.d -MT $out $in && touch $out",
        "  depfile = $out.d",
        "  deps = gcc",
        "  description = $checker $in",
        "rule embed",
        "  command = $python src/manifest/embed.py $out $in",
        "  description = embed $out",
        "rule run",
        "  command = $do",
        "  pool = console",
        "  description = $do",
        "",
    ]
    files = sources()
    rules = sorted(map(str, Path("rules").glob("*.yaml")))
    out += [f"build {SHIPPED}: embed {' '.join(rules)} | src/manifest/embed.py", ""]
    unit = sorted(Path("tests/unit").glob("test_*.c"))
    fuzz = sorted(Path("tests/fuzz").glob("fuzz_*.c"))
    programs = []
    for variant, flags in VARIANTS.items():
        base = f"build/{variant}" if variant else "build"
        setting = [f"  variant = {flags}"] if flags else []
        out.append(f"# {variant or 'the program itself'}")
        objects = []
        for name in [*files, SHIPPED, "src/main.c"]:
            target = f"{base}/obj/{name[:-2]}.o"
            out += [f"build {target}: cc {name}", *setting]
            if name != "src/main.c":
                objects.append(target)
        out.append(f"build {base}/librefit.a: ar {' '.join(objects)}")
        library = f"{base}/librefit.a"
        if variant == "tsan":
            out += [f"build {base}/obj/tests/tsan.o: cc tests/tsan.c", *setting]
            library = f"{base}/obj/tests/tsan.o {library}"
        out += [f"build {base}/refit: link {base}/obj/src/main.o {library}", *setting]
        programs.append(f"{base}/refit")
        for test in unit:
            target = f"{base}/obj/{str(test)[:-2]}.o"
            out += [f"build {target}: cc {test}", *setting, "  extra = $cmocka_cflags"]
            out += [f"build {base}/unit/{test.stem}: link {target} {library}", *setting,
                    "  extra = $cmocka_libs"]
            programs.append(f"{base}/unit/{test.stem}")
        if variant == "asan":
            replay = f"{base}/obj/tests/fuzz/replay.o"
            if fuzz:
                out += [f"build {replay}: cc tests/fuzz/replay.c", *setting]
            for driver in fuzz:
                target = f"{base}/obj/{str(driver)[:-2]}.o"
                out += [f"build {target}: cc {driver}", *setting]
                out += [f"build {base}/fuzz/{driver.stem}: link {target} {replay} {library}", *setting]
                programs.append(f"{base}/fuzz/{driver.stem}")
        out.append("")
    out.append("# coverage-guided fuzzers, one program a driver")
    setting = ["  cc = $clang", "  variant = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all"]
    objects = []
    for name in [*files, SHIPPED, *map(str, fuzz)]:
        out += [f"build build/fuzz/obj/{name[:-2]}.o: cc {name}", *setting]
        if name not in map(str, fuzz):
            objects.append(f"build/fuzz/obj/{name[:-2]}.o")
    out.append(f"build build/fuzz/librefit.a: ar {' '.join(objects)}")
    setting[1] = setting[1].replace("fuzzer-no-link", "fuzzer")
    fuzzers = [f"build/fuzz/{driver.stem}" for driver in fuzz]
    for driver, target in zip(fuzz, fuzzers):
        out += [f"build {target}: link build/fuzz/obj/{str(driver)[:-2]}.o build/fuzz/librefit.a", *setting]
    out += ["", "# for benchmarks: the store with each choice of sizes, peak memory, generated stages, and a history"]
    store = [name for name in files if name.startswith("src/store/")]
    measured = ["build/peak", "build/generate", "build/past"]
    out += ["build build/obj/tests/bench/peak.o: cc tests/bench/peak.c",
            "build build/peak: link build/obj/tests/bench/peak.o",
            "build build/obj/tests/bench/generate.o: cc tests/bench/generate.c",
            "build build/generate: link build/obj/tests/bench/generate.o build/librefit.a",
            "build build/obj/tests/bench/past.o: cc tests/bench/past.c",
            "build build/past: link build/obj/tests/bench/past.o build/librefit.a"]
    for bits, batch_mib in BENCH_SIZES:
        target = bench_program(bits, batch_mib)
        setting = [f"  extra = -DCHUNK_AVERAGE_BITS={bits} -DBATCH_BYTES_MAX={batch_mib << 20}u"]
        objects = []
        for name in [*store, "tests/bench/chunks.c"]:
            objects.append(f"{Path(target).parent}/{name[:-2]}.o")
            out += [f"build {objects[-1]}: cc {name}", *setting]
        out.append(f"build {target}: link {' '.join(objects)} build/librefit.a")
        measured.append(target)
    out += ["", "# every file through both compilers, with warnings as errors"]
    checked = []
    alone = ["src/main.c", "tests/tsan.c", "tests/faults/clock.c", "tests/faults/faults.c",
             "tests/bench/chunks.c", "tests/bench/generate.c", "tests/bench/past.c", "tests/bench/peak.c"]
    for checker in ("gcc", "clang"):
        for name in [*files, *alone, *map(str, unit), *map(str, fuzz)]:
            target = f"build/syntax/{checker}/{name}.ok"
            out += [f"build {target}: syntax {name}", f"  checker = {checker}"]
            checked.append(target)
    out += [
        "",
        "# what the tests put between the program and libc",
        "build build/faults.so: preload tests/faults/faults.c",
        "build build/clock.so: preload tests/faults/clock.c",
        "",
        "build all: phony build/refit",
        f"build programs: phony build/faults.so build/clock.so {' '.join(programs)}",
        "build test: run programs",
        "  do = $python tests/run.py",
        "build demo: run build/refit",
        "  do = $python examples/digits/demo.py build/refit",
        f"build bench: run build/refit {' '.join(measured)}",
        "  do = $python tests/bench/bench.py build/refit",
        f"build fuzz: phony {' '.join(fuzzers)}",
        f"build lint: run {' '.join(checked)}",
        "  do = $python tests/tidy.py",
        "build install: run build/refit",
        "  do = $python tests/install.py build/refit $prefix",
        "default all build/faults.so build/clock.so",
        "",
    ]
    return "\n".join(out)


def write_ninja():
    write_if_changed(ROOT / "build.ninja", ninja_text())


if __name__ == "__main__":
    main()
