"""Expectations on a CSV file of 20 columns: refit, DuckDB on one thread and pandas, which do the same checks.

`expectations.py duckdb FILE` and `expectations.py pandas FILE` are what is measured of the other two; they print
what they found as JSON: rows that fail of each check, and the values of the rest.
"""
import json
import random
import sys

BLOCK_ROWS = 20000
PATTERN = "^[A-Z]{2}[0-9]{4}$"
WORDS = ["red", "green", "blue", "black", "white"]
INTEGERS, REALS, CHOICES, CODES = range(1, 7), range(1, 7), range(1, 5), range(1, 3)
COLUMNS = {"id": "BIGINT"}
COLUMNS.update({f"i{n}": "BIGINT" for n in INTEGERS})
COLUMNS.update({f"f{n}": "DOUBLE" for n in REALS})
COLUMNS.update({f"c{n}": "VARCHAR" for n in CHOICES})
COLUMNS.update({f"k{n}": "VARCHAR" for n in CODES})
COLUMNS["day"] = "DATE"

# 20 expectations. All pass; that some values fail, and how many, is what the three have to agree on.
SPEC = f"""\
data: big.csv
row_count: {{min: 1}}
columns:
  id: {{unique: true, not_null: true}}
  i1: {{between: {{min: 0, max: 900, mostly: 0.5}}}}
  i2: {{between: {{min: 0, max: 900, mostly: 0.5}}}}
  i3: {{between: {{min: 0, max: 900, mostly: 0.5}}}}
  i4: {{not_null: {{mostly: 0.5}}}}
  i5: {{not_null: {{mostly: 0.5}}}}
  i6: {{max: {{max: 1000}}}}
  f1: {{between: {{min: -2, max: 2, mostly: 0.5}}}}
  f2: {{between: {{min: -2, max: 2, mostly: 0.5}}}}
  f3: {{mean: {{min: -1, max: 1}}}}
  f4: {{mean: {{min: -1, max: 1}}}}
  f5: {{stdev: {{min: 0, max: 2}}}}
  f6: {{min: {{min: -100}}}}
  c1: {{in_set: {{values: [red, green, blue, black], mostly: 0.5}}}}
  c2: {{in_set: {{values: [red, green, blue, black], mostly: 0.5}}}}
  c3: {{not_in_set: {{values: [white], mostly: 0.5}}}}
  k1: {{matches: {{pattern: '{PATTERN}', mostly: 0.5}}}}
  k2: {{length: {{min: 6, max: 6, mostly: 0.5}}}}
"""
BETWEEN_INTEGERS, BETWEEN_REALS, NULLS, MEANS = ("i1", "i2", "i3"), ("f1", "f2"), ("i4", "i5"), ("f3", "f4")


def write_table(path, size):
    """Rows of about 130 bytes, each with an id of its own; the rest of a row comes back every 20,000 rows."""
    source = random.Random(1)
    rows = []
    for _ in range(BLOCK_ROWS):
        integers = [str(source.randrange(1000)) if source.random() > 0.01 else "" for _ in INTEGERS]
        reals = [f"{source.gauss(0, 1):.6f}" for _ in REALS]
        choices = [source.choice(WORDS) for _ in CHOICES]
        codes = [f"{source.choice(['AB', 'CD', 'e'])}{source.randrange(1000, 9999)}" for _ in CODES]
        rows.append(",".join([*integers, *reals, *choices, *codes, f"2024-{source.randrange(1, 13):02}-11"]) + "\n")
    written, number = 0, 0
    with open(path, "w", buffering=1 << 20, encoding="ascii", newline="") as file:
        file.write(",".join(COLUMNS) + "\n")
        while written < size:
            text = "".join([f"{number + i},{row}" for i, row in enumerate(rows)])
            number += len(rows)
            written += file.write(text)
    return number


def run_duckdb(path):
    import duckdb

    types = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    words = ", ".join(f"'{word}'" for word in WORDS[:4])
    parts = {"row_count": "count(*)", "unique id": "count(id) - count(distinct id)",
             "not_null id": "count(*) - count(id)",
             "max i6": "max(i6)", "min f6": "min(f6)", "stdev f5": "stddev_samp(f5)",
             "not_in_set c3": "count(*) filter (c3 = 'white')",
             "matches k1": f"count(*) filter (not regexp_matches(k1, '{PATTERN}'))",
             "length k2": "count(*) filter (length(k2) <> 6)"}
    parts.update({f"between {c}": f"count(*) filter ({c} < 0 or {c} > 900)" for c in BETWEEN_INTEGERS})
    parts.update({f"between {c}": f"count(*) filter ({c} < -2 or {c} > 2)" for c in BETWEEN_REALS})
    parts.update({f"not_null {c}": f"count(*) - count({c})" for c in NULLS})
    parts.update({f"mean {c}": f"avg({c})" for c in MEANS})
    parts.update({f"in_set {c}": f"count(*) filter ({c} not in ({words}))" for c in ("c1", "c2")})
    con = duckdb.connect()
    con.execute("SET threads=1")
    row = con.execute(f"SELECT {', '.join(parts.values())} FROM read_csv('{path}', header=true, delim=',', "
                      f"columns={{{types}}})").fetchone()
    return dict(zip(parts, row))


def run_pandas(path):
    import pandas

    t = pandas.read_csv(path)
    found = {"row_count": len(t), "unique id": t.id.duplicated().sum(), "not_null id": t.id.isna().sum(),
             "max i6": t.i6.max(), "min f6": t.f6.min(), "stdev f5": t.f5.std(),
             "not_in_set c3": t.c3.isin(["white"]).sum(), "matches k1": (~t.k1.str.match(PATTERN)).sum(),
             "length k2": (t.k2.str.len() != 6).sum()}
    found.update({f"between {c}": (t[c].notna() & ~t[c].between(0, 900)).sum() for c in BETWEEN_INTEGERS})
    found.update({f"between {c}": (~t[c].between(-2, 2)).sum() for c in BETWEEN_REALS})
    found.update({f"not_null {c}": t[c].isna().sum() for c in NULLS})
    found.update({f"mean {c}": t[c].mean() for c in MEANS})
    found.update({f"in_set {c}": (~t[c].isin(WORDS[:4])).sum() for c in ("c1", "c2")})
    return {name: value.item() if hasattr(value, "item") else value for name, value in found.items()}


VALUES = ("row_count", "max", "min", "stdev", "mean")


def of_verdict(verdict):
    """The same of refit's verdict."""
    found = {}
    for result in verdict["results"]:
        if result["rule"] == "malformed":
            continue  # the others refuse such a file as a whole
        name = " ".join(filter(None, [result["rule"], result["column"]]))
        found[name] = result["observed"] if result["rule"] in VALUES else result["failing"]
    return found


def differences(ours, theirs):
    """What is not the same; sums of reals may be rounded otherwise."""
    def same(name):
        return name in ours and name in theirs and abs(ours[name] - theirs[name]) <= 1e-9 * max(1, abs(ours[name]))

    names = sorted(set(ours) | set(theirs))
    return [f"{name}: {ours.get(name)} and {theirs.get(name)}" for name in names if not same(name)]


if __name__ == "__main__":
    print(json.dumps({"duckdb": run_duckdb, "pandas": run_pandas}[sys.argv[1]](sys.argv[2])))
