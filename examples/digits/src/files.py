"""The files of this example: tables of digits, parameters, and reports."""
import csv
import json
import os

PIXELS = 64
HEADER = [f"p{row}{column}" for row in range(8) for column in range(8)] + ["label"]


def read_table(path):
    """The header of a CSV file, and its other rows as lists of text."""
    with open(path, newline="", encoding="ascii") as file:
        rows = list(csv.reader(file))
    if not rows:
        raise SystemExit(f"{path}: empty")
    return rows[0], rows[1:]


def write_table(path, header, rows):
    make_folder(path)
    with open(path, "w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def read_digits(path):
    """Pixels (each 0 to 1, 64 an image) and labels."""
    _, rows = read_table(path)
    return [[int(value) / 16 for value in row[:PIXELS]] for row in rows], [int(row[PIXELS]) for row in rows]


def read_params(section, path="params.yaml"):
    """The numbers of one section of params.yaml: `section:`, then lines of `  name: number`."""
    params = {}
    inside = False
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            text = line.split("#")[0].rstrip()
            if not text:
                continue
            name, colon, value = text.partition(":")
            if not colon:
                raise SystemExit(f"{path}:{number}: expected `name: number`, found `{text}`")
            if not text.startswith(" "):
                inside = name == section
            elif inside:
                params[name.strip()] = number_of(value.strip(), f"{path}:{number}")
    if not params:
        raise SystemExit(f"{path}: no section `{section}`")
    return params


def number_of(text, place):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    raise SystemExit(f"{place}: `{text}` is no number")


def write_json(path, value):
    """Floats are written by repr: the shortest text that reads back as the same number."""
    make_folder(path)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, sort_keys=True)
        file.write("\n")


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def make_folder(path):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
