#!/usr/bin/env python3
"""Measure refit against the tools that people compare it with, side by side: bench.py REFIT [--quick] [--others]

Prints a Markdown table. What a row compares takes turns, A B A B ..., after one round that is not kept; the row's
number is the median of the ratios A/B of neighbours, with its spread. No measurement is left out. README.md beside
this file explains each pairing.
"""
import argparse
import tempfile
from pathlib import Path

import chunks
import others
import rows
from measuring import ROOT, Bench
from table import Table, circumstances, load

STAGES = ["clean", "noop"]
MEASURES = {
    "digest": rows.measure_digest,
    "store": rows.measure_store,
    "many": rows.measure_many,
    "edits": rows.measure_edits,
    "start": rows.measure_start,
    "generate": rows.measure_generate,
    "history": rows.measure_history,
    "expectations": rows.measure_expectations,
    "sizes": chunks.measure_sizes,
}

# name, what it is, default, with --quick
SIZES = [
    ("mib", "MiB of the large file", 1024, 64),
    ("files", "number of small files", 70000, 2000),
    ("edits_mib", "MiB of the file that is edited; of less than 128 a chunk is more than 1%%", 256, 128),
    ("sizes_mib", "MiB of the file that chunk sizes are compared on", 512, 32),
    ("generated", "stages that one definition generates", 2000, 500),
    ("past_runs", "runs of a history, and commits", 10000, 1000),
    ("table_mib", "MiB of the CSV file that expectations are held against", 954, 16),
    ("rounds", "rounds of each row", 9, 3),
    ("rounds_noop", "rounds of no-ops", 21, 5),
    ("rounds_long", "rounds of clean runs", 5, 2),
    ("rounds_others", "rounds of the folder of small files", 3, 1),
    ("others_stages", "stages for the no-op of DVC and Snakemake", 1000, 100),
    ("others_clean", "stages for their clean run", 100, 10),
]


def main():
    options = parse_arguments()
    options.programs = others.install(ROOT / "build/others") if options.others else {}
    options.pythons = others.install_libraries(ROOT / "build/others") if options.others else {}
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as folder:
        bench = Bench(options, Path(folder))
        programs = [bench.refit, "ninja", "make", "xxhsum", "cp", *options.programs.values()]
        bench.table = Table(list(circumstances(bench, programs)), lambda table: keep(table, options))
        wanted = options.only or [*STAGES, *MEASURES]
        if set(STAGES) & set(wanted):
            rows.measure_stages(bench, *(name in wanted for name in STAGES))
        for name, measure in MEASURES.items():
            if name in wanted:
                measure(bench)
    bench.table.circumstances.append(("load at the end", load()))
    print(keep(bench.table, options), flush=True)
    if options.check and bench.table.missed():
        raise SystemExit(1)


def keep(table, options):
    """What there is so far, into the files that were asked for; the table as text."""
    text = table.markdown()
    if table.sizes:
        text += "\n\n" + chunks.markdown(table.sizes)
    if options.output:
        options.output.write_text(text + "\n")
    if options.json:
        options.json.write_text(table.json())
    return text


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("refit", type=Path)
    parser.add_argument("--quick", action="store_true", help="small sizes: does it work? Its ratios say little")
    parser.add_argument("--others", action="store_true",
                        help="DVC, Snakemake, DuckDB and pandas too, installed from PyPI under build/others")
    parser.add_argument("--stages", type=int, nargs="+",
                        help="sizes of the graphs (default: 10000 100000; --quick: 500); the smallest is run clean")
    for name, what, default, quick in SIZES:
        parser.add_argument("--" + name.replace("_", "-"), type=int, metavar="N",
                            help=f"{what} (default: {default}; --quick: {quick})")
    parser.add_argument("--only", nargs="+", choices=[*STAGES, *MEASURES], help="these rows alone")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/bench", help="where (default: build/bench)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the table to this file too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="and every measurement to this one; see compare.py")
    parser.add_argument("--check", action="store_true", help="exit 1 if a bar is missed")
    options = parser.parse_args()
    quick = options.quick
    options.stages = sorted(options.stages or ([500] if quick else [10000, 100000]))
    for name, _, default, small in SIZES:
        if getattr(options, name) is None:
            setattr(options, name, small if quick else default)
    options.refit = options.refit.resolve()
    options.folder = options.folder.resolve()
    return options


if __name__ == "__main__":
    main()
