"""The same graph for each tool: independent `cp in out`, one a file of 1 KiB."""
import os
import random
import tempfile
import time
from pathlib import Path

from measuring import KIB, fail

SMALL_BYTES = 1 * KIB
FILES_A_FOLDER = 1000
JOBS = "-j2"
ADOPT_JOBS = "-j16"  # where no time is taken: on a busy machine two jobs mostly wait for their turn
SETTLE_S = 2.5  # refit distrusts files that were changed less than 2 s before they were hashed


def small_name(number):
    return f"{number // FILES_A_FOLDER:03}/{number:06}"


def small_folders(count):
    return [f"{number // FILES_A_FOLDER:03}" for number in range(0, count, FILES_A_FOLDER)]


def write_small_files(folder, count):
    generator = random.Random(count)
    for name in small_folders(count):
        (folder / name).mkdir(parents=True)
    for number in range(count):
        (folder / small_name(number)).write_bytes(generator.randbytes(SMALL_BYTES))


# ---- how each is told ----

def write_refit(folder, names):
    """dvc.yaml has the same keys."""
    text = "".join(f"  s{n}:\n    cmd: cp in/{name} out/{name}\n    deps: [in/{name}]\n    outs: [out/{name}]\n"
                   for n, name in enumerate(names))
    (folder / "refit.yaml").write_text("stages:\n" + text)


def write_ninja(folder, names):
    text = "".join(f"build out/{name}: cp in/{name}\n" for name in names)
    (folder / "build.ninja").write_text("rule cp\n  command = cp $in $out\n" + text)


def write_make(folder, names):
    text = "".join(f"out/{name}: in/{name}\n\tcp in/{name} out/{name}\n" for name in names)
    (folder / "Makefile").write_text(f".PHONY: all\nall: {' '.join('out/' + name for name in names)}\n" + text)


def write_dvc(folder, names):
    write_refit(folder, names)
    (folder / "refit.yaml").rename(folder / "dvc.yaml")


def write_snakemake(folder, names):
    wanted = " ".join("out/" + name for name in names)
    (folder / "Snakefile").write_text(
        f"rule all:\n    input: '{wanted}'.split()\n"
        "rule cp:\n    input: 'in/{name}'\n    output: 'out/{name}'\n    shell: 'cp {input} {output}'\n")


WRITERS = {"refit": write_refit, "ninja": write_ninja, "make": write_make, "dvc": write_dvc,
           "snakemake": write_snakemake}

# What a run leaves beside the outs, and what it says when there is nothing to do.
LEAVES = {"refit": [".refit", "refit.lock"], "ninja": [".ninja_log", ".ninja_deps"], "make": [],
          "dvc": [".dvc", "dvc.lock", ".dvcignore"], "snakemake": [".snakemake"]}
IDLE = {"refit": "nothing to do", "ninja": "no work to do", "make": "Nothing to be done for", "dvc": "are up to date",
        "snakemake": "Nothing to be done"}


class Graph:
    """A folder with the graph for one tool."""

    def __init__(self, bench, tool, count, program, source):
        self.bench, self.tool, self.count, self.program = bench, tool, count, program
        self.folder = bench.folder / f"graph{count}-{tool}"
        self.built = False
        names = [small_name(number) for number in range(count)]
        for name in small_folders(count):
            (self.folder / "in" / name).mkdir(parents=True)
        for name in names:
            os.link(source / name, self.folder / "in" / name)
        WRITERS[tool](self.folder, names)
        self.clear()

    def clear(self):
        """As before the first run. Nothing is removed yet: ext4 without a journal looks at each inode that was freed
        within the last minute before it gives one to a new file, so that who removed more would pay more."""
        gone = Path(tempfile.mkdtemp(prefix="gone-", dir=self.bench.folder))
        for path in (self.folder / "out", *(self.folder / name for name in LEAVES[self.tool])):
            if path.exists():
                path.rename(gone / path.name)
        for name in small_folders(self.count):
            (self.folder / "out" / name).mkdir(parents=True)
        if self.tool == "dvc":
            init_dvc(self.bench, self.program, self.folder)
        self.built = False

    def words(self, jobs=JOBS):
        return {
            "refit": [self.program, "-C", self.folder, jobs],
            "ninja": [self.program, "-C", self.folder, jobs],
            "make": [self.program, "-rR", "-C", self.folder, jobs],
            "dvc": [self.program, "--cd", self.folder, "repro"],
            "snakemake": [self.program, jobs, "--directory", self.folder, "--snakefile", self.folder / "Snakefile"],
        }[self.tool]

    def run(self):
        return self.bench.run(*self.words())

    def build(self, jobs=JOBS):
        """What a measured clean run is: it makes all outs."""
        seconds = self.bench.run(*self.words(jobs))
        self.check()
        return seconds

    def check(self):
        made = sum(len(files) for _, _, files in os.walk(self.folder / "out"))
        if made != self.count:
            fail(f"{self.folder}: {made} outs, expected {self.count}")
        self.built = True

    def adopt(self):
        """Built, without running it stage by stage where the tool can be told so."""
        if self.built:
            return
        if self.tool not in ("make", "dvc"):
            self.build(ADOPT_JOBS)
            return
        self.bench.run("cp", "-r", "-T", self.folder / "in", self.folder / "out")
        if self.tool == "dvc":
            self.bench.run(self.program, "--cd", self.folder, "commit", "-f")
        self.check()

    def check_idle(self):
        if IDLE[self.tool] not in self.bench.output(*self.words()):
            fail(f"{self.folder}: {self.tool} has something to do")


def init_dvc(bench, program, folder):
    bench.run(program, "--cd", folder, "init", "-q", "--no-scm")
    for name in ("core.analytics", "core.check_update"):
        bench.run(program, "--cd", folder, "config", name, "false")


def make_graphs(bench, count, tools):
    """`tools`: pairs of a tool's name and its program."""
    source = bench.folder / f"small{count}"
    if not source.exists():
        write_small_files(source, count)
    return [Graph(bench, tool, count, program, source) for tool, program in tools]


def settle(graphs):
    """Everything built, and nothing that a tool would look at twice because it is new."""
    for graph in graphs:
        graph.adopt()
    time.sleep(SETTLE_S)
    for graph in graphs:
        graph.run()
        graph.check_idle()
