"""Judge the table: size, ranges, labels. Prints what is wrong, and fails."""
import json
import os
import sys

import numpy

table, report = sys.argv[1:]
rows = numpy.loadtxt(table, delimiter=",", skiprows=1, dtype=int)
pixels, labels = rows[:, :-1], rows[:, -1]
counts = numpy.bincount(labels, minlength=10)
faults = []
if pixels.shape[1] != 64:
    faults.append(f"{pixels.shape[1]} pixels a row instead of 64")
if pixels.min() < 0 or pixels.max() > 16:
    faults.append(f"pixels from {pixels.min()} to {pixels.max()} instead of 0 to 16")
if len(counts) != 10 or counts.min() < 100:
    faults.append(f"rows by label: {counts.tolist()}; ten labels with at least 100 rows are needed")
if faults:
    raise SystemExit("\n".join(f"{table}: {fault}" for fault in faults))
os.makedirs(os.path.dirname(report), exist_ok=True)
with open(report, "w", encoding="utf-8") as file:
    json.dump({"rows": len(rows), "per_label": {str(i): int(n) for i, n in enumerate(counts)}}, file, indent=1)
