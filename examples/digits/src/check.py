"""Judge the table: columns, ranges, labels, and enough rows of each. Prints what is wrong, and fails."""
import sys

from files import HEADER, PIXELS, read_params, read_table, write_json

FAULTS_SHOWN = 10


def faults_of(header, rows, params):
    if header != HEADER:
        yield f"line 1: the columns are not {HEADER[0]} ... {HEADER[-2]}, {HEADER[-1]}"
        return
    counts = [0] * 10
    for line, row in enumerate(rows, start=2):
        if len(row) != len(HEADER):
            yield f"line {line}: {len(row)} values instead of {len(HEADER)}"
            continue
        for name, value in zip(HEADER, row):
            highest = 9 if name == "label" else 16
            if not value.isdecimal() or int(value) > highest:
                yield f"line {line}: {name} is `{value}`, not an integer from 0 to {highest}"
        if row[PIXELS].isdecimal() and int(row[PIXELS]) <= 9:
            counts[int(row[PIXELS])] += 1
    if len(rows) < params["rows_min"]:
        yield f"{len(rows)} rows; at least {params['rows_min']} are needed"
    for label, count in enumerate(counts):
        if count < params["per_label_min"]:
            yield f"{count} rows of the digit {label}; at least {params['per_label_min']} are needed"


def main(table, report):
    header, rows = read_table(table)
    faults = list(faults_of(header, rows, read_params("check")))
    for fault in faults[:FAULTS_SHOWN]:
        print(f"{table}: {fault}")
    if faults:
        raise SystemExit(f"{table}: {len(faults)} faults")
    labels = [row[PIXELS] for row in rows]
    write_json(report, {"rows": len(rows), "per_label": {label: labels.count(label) for label in sorted(set(labels))}})


if __name__ == "__main__":
    main(*sys.argv[1:])
