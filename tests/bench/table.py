"""The table: rows of ratios, what they were measured on, and both as Markdown and JSON."""
import json
import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

from measuring import GIB, MIB

FORMAT = 1
TITLES = {
    "work": "work", "against": "against", "bar": "bar", "goal": "goal", "median": "ratio", "quartiles": "middle half",
    "range": "lowest to highest", "rounds": "rounds", "ours": "refit", "theirs": "the other", "verdict": "verdict",
}


def show_ratio(ratio):
    return f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}"


def show_seconds(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def show_bytes(amount):
    return f"{amount / MIB:.1f} MiB"


def quartiles(values):
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


class Table:
    def __init__(self, circumstances, keep):
        self.circumstances = circumstances
        self.keep = keep  # called with each row
        self.rows = []
        self.sizes = None

    def add(self, name, work, against, bar, pairs, show=show_seconds):
        """A row from pairs of ours and theirs. `bar` is (bar, goal), or None: then the row is there to be seen."""
        self.put(name, work, against, bar, [a / b for a, b in pairs], ours=[a for a, _ in pairs],
                 theirs=[b for _, b in pairs], show=show)

    def put(self, name, work, against, bar, ratios, ours=(), theirs=(), show=show_seconds):
        """The same from ratios; without any, a row that says that the other was not measured."""
        self.rows.append({"name": name, "work": work, "against": against, "bar": bar[0] if bar else None,
                          "goal": bar[1] if bar else None, "unit": show.__name__.removeprefix("show_"),
                          "ratios": list(ratios), "ours": list(ours), "theirs": list(theirs)})
        self.keep(self)

    def missed(self):
        return [row for row in self.rows if verdict(row) == "missed"]

    def markdown(self):
        lines = [f"- {name}: {value}" for name, value in self.circumstances]
        cells = [list(TITLES.values()), ["---"] * len(TITLES)]
        cells += [[shown(row)[name] for name in TITLES] for row in self.rows]
        return "\n".join([*lines, "", *("| " + " | ".join(row) + " |" for row in cells)])

    def json(self):
        whole = {"format": FORMAT, "circumstances": dict(self.circumstances), "rows": self.rows, "sizes": self.sizes}
        return json.dumps(whole, indent=1) + "\n"


def verdict(row):
    if not row["ratios"] or row["bar"] is None:
        return ""
    ratio = statistics.median(row["ratios"])
    return "goal met" if ratio <= row["goal"] else "met" if ratio <= row["bar"] else "missed"


def shown(row):
    """The cells of a row, as text."""
    show = show_bytes if row["unit"] == "bytes" else show_seconds
    cells = {name: "" for name in TITLES}
    cells.update(work=row["work"], against=row["against"], verdict=verdict(row))
    for name in ("bar", "goal"):
        if row[name] is not None:
            cells[name] = "≤ " + show_ratio(row[name])
    for name in ("ours", "theirs"):
        if row[name]:
            cells[name] = show(statistics.median(row[name]))
    ratios = row["ratios"]
    if ratios:
        low, high = quartiles(ratios)
        cells.update(median=f"**{show_ratio(statistics.median(ratios))}**", rounds=str(len(ratios)),
                     quartiles=f"{show_ratio(low)} to {show_ratio(high)}",
                     range=f"{show_ratio(min(ratios))} to {show_ratio(max(ratios))}")
    else:
        cells["theirs"] = "not measured (`--others`)"
    return cells


# ---- what it was measured on ----

def circumstances(bench, programs):
    """Pairs of a name and a text. `programs`: those that were measured."""
    options = bench.options
    yield "date", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    yield "machine", f"{processor()}, {len(os.sched_getaffinity(0))} processors, {memory()} of memory"
    yield "system", f"{platform.system()} {platform.release()}, file system {file_system(bench.folder)}"
    yield "load at the start (1, 5, 15 minutes)", load()
    yield "versions", "; ".join(version(bench, program) for program in programs)
    yield "revision", revision()
    yield "sizes", (f"{', '.join(f'{n:,}' for n in options.stages)} stages; {options.mib:,} MiB; "
                    f"{options.files:,} files; {options.rounds} rounds where not said otherwise")


def load():
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory():
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / GIB:.0f} GiB"


def file_system(path):
    answer = subprocess.run(["stat", "-f", "-c", "%T", path], stdout=subprocess.PIPE, text=True, check=True)
    return answer.stdout.strip()


def version(bench, program):
    line = next(iter(bench.output(program, "--version").strip().splitlines()), "?")
    name = Path(program).name
    line = line.partition(" by ")[0]
    return line if line.lower().startswith((name, "gnu")) else f"{name} {line}"


def revision():
    """Of the tree that this file is in, if git knows."""
    try:
        words = ["git", "-C", Path(__file__).parent, "describe", "--always", "--dirty", "--abbrev=12"]
        answer = subprocess.run(words, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return answer.stdout.strip() or "unknown"
