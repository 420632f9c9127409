"""How the sizes of chunks and transactions do: the programs built from chunks.c, one a choice, in turn with cp."""
import json
import random
import statistics
import sys

from measuring import KIB, MIB, ROOT, fail, read_through, remove
from table import show_ratio

sys.path.insert(0, str(ROOT))
from configure import BENCH_SIZES, bench_program  # noqa: E402

PLACES = 20
PLACE_BYTES = 64
CSV_SHARE = 8  # of what there is of random bytes
CSV_LINE_BYTES = 28

TITLES = ["average chunk", "transaction", "store ÷ `cp` and `sync`", "restore ÷ `cp`", "1% appended", "1% inserted",
          f"{PLACES} places changed", "chunks a GiB", "kept beyond content", "CSV kept"]


def measure_sizes(bench):
    programs = [ROOT / bench_program(bits, batch_mib) for bits, batch_mib in BENCH_SIZES]
    for program in programs:
        if not program.exists():
            fail(f"{program} is missing: `ninja bench` builds it")
    mib = bench.options.sizes_mib
    folder = bench.folder / "sizes"
    folder.mkdir()
    with bench.section("sizes of chunks and transactions"):
        names = write_files(folder, mib)
        timed = measure_times(bench, folder, programs, names["base"])
        rows = []
        for index, program in enumerate(programs):
            bench.progress(f"edits, {index + 1} of {len(programs)}")
            rows.append(row_of(bench, folder, program, names) | timed[index])
    remove(folder)
    bench.table.sizes = {"content_mib": mib, "rounds": bench.options.rounds, "rows": rows}


def write_files(folder, mib):
    """Random bytes, three edits of them, and text."""
    generator = random.Random(7)
    base = b"".join(generator.randbytes(MIB) for _ in range(mib))
    place, extra = generator.randrange(len(base)), len(base) // 100
    changed = bytearray(base)
    for start in (generator.randrange(len(base) - PLACE_BYTES) for _ in range(PLACES)):
        changed[start:start + PLACE_BYTES] = generator.randbytes(PLACE_BYTES)
    lines = (f"{n},{generator.random():.6f},{generator.gauss(0, 1):.4f},{generator.choice('abcdef')}\n".encode()
             for n in range(mib * MIB // CSV_SHARE // CSV_LINE_BYTES))
    contents = {
        "base": [base], "appended": [base, generator.randbytes(extra)],
        "inserted": [base[:place], generator.randbytes(extra), base[place:]], "changed": [changed], "csv": lines,
    }
    for name, pieces in contents.items():
        with open(folder / name, "wb") as file:
            file.writelines(pieces)
    return {name: folder / name for name in contents}


def run_program(bench, folder, program, *files):
    """What it prints, with a new store."""
    remove(folder / "store", folder / "copy")
    (folder / "store").mkdir()
    return json.loads(bench.output(program, folder / "store", folder / "copy", *files))


def measure_times(bench, folder, programs, base):
    """One dictionary a program: its seconds relative to those of cp in the same round."""
    copy = folder / "copy"

    def prepare():
        remove(folder / "store", copy)
        read_through(base)

    def timed(program):
        return lambda: run_program(bench, folder, program, base)

    synced = lambda: bench.run("sh", "-c", 'cp "$0" "$1" && sync "$1"', base, copy)  # noqa: E731
    sides = [(prepare, synced), (prepare, lambda: bench.run("cp", base, copy))]
    measured = bench.turns(sides + [(prepare, timed(program)) for program in programs])
    prepare()
    return [{"store": [row[2 + n]["puts"][0]["seconds"] / row[0] for row in measured],
             "restore": [row[2 + n]["get_seconds"] / row[1] for row in measured]} for n in range(len(programs))]


def row_of(bench, folder, program, names):
    answer = run_program(bench, folder, program, *(names[name] for name in ("base", "appended", "inserted", "changed")))
    puts = answer["puts"]
    content = puts[0]["chunk_bytes"]
    new = [(after["chunk_bytes"] - before["chunk_bytes"]) / content for before, after in zip(puts, puts[1:])]
    csv = run_program(bench, folder, program, names["csv"])["puts"][0]
    return {
        "average": answer["average"], "batch": answer["batch"], "appended": new[0], "inserted": new[1],
        "changed": new[2], "chunks_a_gib": puts[0]["chunks"] / content * (1 << 30),
        "overhead": puts[0]["kept_bytes"] / content - 1, "csv": csv["kept_bytes"] / csv["chunk_bytes"],
    }


def markdown(sizes):
    lines = [f"{sizes['content_mib']} MiB of random bytes, {sizes['rounds']} rounds; medians (lowest to highest):", "",
             "| " + " | ".join(TITLES) + " |", "|" + " --- |" * len(TITLES)]
    for row in sizes["rows"]:
        cells = [f"{row['average'] // KIB} KiB", f"{row['batch'] // MIB} MiB", spread(row["store"]),
                 spread(row["restore"]), *(f"{row[name]:.2%}" for name in ("appended", "inserted", "changed")),
                 f"{row['chunks_a_gib']:,.0f}", f"{row['overhead']:.2%}", f"{row['csv']:.1%}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def spread(ratios):
    return f"{show_ratio(statistics.median(ratios))} ({show_ratio(min(ratios))} to {show_ratio(max(ratios))})"
