#!/usr/bin/env python3
"""Compare two runs: compare.py OLD.json NEW.json, both written by bench.py --json.

One line a row that both have: the median ratio to the other tool then and now, and what happened to it. Since each is
relative to what was measured beside it, the runs may be from different machines or days.
"""
import json
import statistics
import sys
from pathlib import Path

from table import FORMAT, quartiles, show_ratio


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    old, new = (read(Path(name)) for name in sys.argv[1:])
    print("| row | old | new | new ÷ old | |\n| --- | --- | --- | --- | --- |")
    for name, ratios in new.items():
        if name in old:
            before, after = statistics.median(old[name]), statistics.median(ratios)
            change = f"{after / before:.2f}" if before else ""
            print(f"| {name} | {show_ratio(before)} | {show_ratio(after)} | {change} | {word(old[name], ratios)} |")


def read(path):
    whole = json.loads(path.read_text())
    if whole["format"] != FORMAT:
        raise SystemExit(f"compare.py: {path} has format {whole['format']}, not {FORMAT}")
    return {row["name"]: row["ratios"] for row in whole["rows"] if row["ratios"]}


def word(old, new):
    """What can be said: only if the middle halves do not meet."""
    (old_low, old_high), (new_low, new_high) = quartiles(old), quartiles(new)
    return "faster" if new_high < old_low else "slower" if new_low > old_high else ""


if __name__ == "__main__":
    main()
