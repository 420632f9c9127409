"""What would pass, or fail, for a reason that is not in the data: nothing to compare with, NaN, order of lines, the
range of doubles, zones, long values, estimates."""
import gzip
import json
import random
import shutil
import subprocess

from harness import contains, equal, Project

p = Project("stages: {}\n")
random_ = random.Random(1)


def check(spec, exit, **files):
    """The lines about the rules, for files whose names have _ for their point."""
    for name, content in files.items():
        p.write(name.replace("_", "."), content)
    p.write("spec.yaml", spec)
    return p.refit("check", "data", "--spec", "spec.yaml", exit=exit).text


def column(values, name="x"):
    return f"{name}\n" + "".join(f"{value}\n" for value in values)


def objects(*rows):
    return "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)


def normal(n):
    return [random_.gauss(0, 1) for _ in range(n)]


# Drift from nothing, of nothing, and to NaN.
for name, text in (("r.csv", ""), ("r.csv", column(f"w{i}" for i in range(2000))), ("r.jsonl", "\n"),
                   ("r.json", '{"columns":{},"format":"refit-profile/1","rows":0}')):
    contains(check(f"data: c.csv\ndrift: {{reference: {name}}}\n", 4, c_csv=column(normal(50)),
                   **{name.replace(".", "_"): text}), "has no column that can be compared")
for method in ("psi", "ks", "chi2", "js", "linf", "wasserstein"):
    spec = f"data: c.csv\ndrift: {{reference: r.csv, method: {method}, columns: [x]}}\n"
    check(spec, 4, r_csv="x,y\n" + "".join(f"{x},1\n" for x in normal(500)), c_csv="x,y\n" + ",1\n" * 500)
    contains(check(spec, 4, r_csv=column(normal(2000)), c_csv=column(normal(400) + ["nan"] * 3600)), "n 4000")
    check(spec, 0, r_csv=column(normal(900) + ["nan"] * 100), c_csv=column(normal(900) + ["nan"] * 100))
# A profile knows how many NaN there were.
p.write("r.csv", column(normal(900) + ["nan"] * 100))
p.refit("check", "profile", "r.csv", "-o", "r.json")
profile = json.loads(p.read("r.json"))["columns"]["x"]
equal((profile["n"], profile["nans"]), (900, 100), "counts")
check("data: c.csv\ndrift: {reference: r.json}\n", 4, c_csv=column(normal(1000)))

# A join with nothing.
overlap = "data: c.jsonl\nno_overlap: {with: t.jsonl, key: user}\n"
contains(check(overlap, 2, c_jsonl=objects({"user": 1}), t_jsonl=objects({"user_id": 1})),
         "spec.yaml:2:13: t.jsonl has no column `user`")
for text in (objects({"user": None}), ""):
    contains(check(overlap, 4, t_jsonl=text), "not evaluated")
check(overlap, 0, t_jsonl=objects({"user_id": 1}, {"user": 2}))

# JSON Lines have the columns that all objects have, whatever comes first.
rows = ["\n", "bad\n", {"a": 1}, {"a": 1, "b": {"c": 2}}, {"b": {"c": 3}, "a": 2}]
for _ in range(6):
    for rules in ("column_names: {exact: [a, b.c]}", "column_names: {ordered: [b.c, a]}",
                  "columns: {\"*\": {between: [1, 3]}}", "malformed: {max: 1}"):
        check(f"data: c.jsonl\nmalformed: {{max: 1}}\n{rules}\n" if "malformed" not in rules
              else f"data: c.jsonl\n{rules}\n", 0, c_jsonl=objects(*rows))
    random_.shuffle(rows)
for text in (objects('{"a":1,"a":2}\n', {"a": 1}), objects({"a": 1}, '{"a":1,"a":2}\n')):
    spec = "data: c.jsonl\nmalformed: {max: 1}\ncolumns: {a: {between: [0, 1]}}\n"
    contains(check(spec, 0, c_jsonl=text), "1 faults")
contains(check('data: c.jsonl\nrow_count: {max: 0, where: "zz > 1"}\n', 2, c_jsonl=objects({"a": 1})),
         "`where` names a column `zz`, which c.jsonl has not")
for kind, value in (("integer", "5"), ("number", "5.5"), ("boolean", "true")):
    spec = f"data: c.jsonl\ncolumns: {{x: {{type: {kind}}}}}\n"
    check(spec, 4, c_jsonl=objects({"x": value}))
    check(spec, 0, c_jsonl=objects({"x": json.loads(value)}))

# Whole numbers beyond 2^53, and moments of several zones.
for rule, values, exit in (("in_set: [1700000000000000099]", [1700000000000000000], 4),
                           ("in_set: [1700000000000000099, 1.0]", [1700000000000000099, 1], 0),
                           ("between: [0, 9007199254740992]", [9007199254740993], 4),
                           ("between: [-9007199254740993, 0]", [-9007199254740993], 0),
                           ("between: [-9007199254740992, 0]", [-9007199254740993], 4),
                           ("increasing: {strictly: true}", [1700000000000000000 + i for i in range(2000)], 0),
                           ("increasing: true", [1700000000000000001, 1700000000000000000], 4)):
    check(f"data: c.csv\ncolumns: {{x: {{{rule}}}}}\n", exit, c_csv=column(values))
    check(f"data: c.jsonl\ncolumns: {{x: {{{rule}}}}}\n", exit, c_jsonl=objects(*({"x": value} for value in values)))
for a, b, exit in ((1700000000000000000, 1700000000000000001, 0), (1700000000000000001, 1700000000000000000, 4),
                   ("2024-03-01T12:00:00+02:00", "2024-03-01T11:00:00Z", 0),
                   ("2024-01-01T09:00:00Z", "2024-01-01 10:00:00Z", 0),
                   ("2024-03-01T12:00:00Z", "2024-03-01T12:30:00+02:00", 4), ("nan", "1", 4)):
    check("data: c.csv\na_less_than_b: {a: a, b: b}\n", exit, c_csv=f"a,b\n{a},{b}\n")

for a, b, orders in (("2026-01-01T11:00:00+01:00", "2026-01-01T10:00:00Z", 0),
                     ("2026-01-01T11:00:00.50+01:00", "2026-01-01T10:00:00.5Z", 0),
                     ("2026-01-01T11:00:00.25+01:00", "2026-01-01T10:00:00.3Z", -1)):
    for or_equal in (False, True):
        for x, y, order in ((a, b, orders), (b, a, -orders)):
            check(f"data: c.csv\na_less_than_b: {{a: a, b: b, or_equal: {str(or_equal).lower()}}}\n",
                  0 if order < 0 or (order == 0 and or_equal) else 4, c_csv=f"a,b\n{x},{y}\n")
    check("data: c.csv\ncolumns: {x: {increasing: true}}\n", 0, c_csv=column([a, b]))

# Objects whose names are data have no columns.
contains(check('data: c.jsonl\ncolumns: {"*": {not_null: true}}\n', 1,
               c_jsonl=objects(*({f"k{i}": 1} for i in range(3000)))), "c.jsonl", "more than 2000 different members")
check("data: c.jsonl\ncolumns: {k1: {between: [1, 1]}}\n", 0)

# Patterns of long values; one that cannot be decided is told, and is no match.
for pattern in (r"(ab|c)*", r"(\w+ ?)*"):
    check(f"data: c.csv\ncolumns: {{x: {{matches: '{pattern}'}}}}\n", 0, c_csv=column(["ab" * 20000]))
contains(check("data: c.csv\ncolumns: {x: {matches: '(a+)+b|a.*!'}}\n", 4, c_csv=column(["a" * 40 + "!"])),
         "of 1 the pattern tries too many ways to tell")

# What is estimated is never beyond what is known.
check("data: c.csv\ncolumns: {x: {distinct_ratio: {max: 1}, distinct_count: {max: 5000}}}\n", 0,
      c_csv=column(range(5000)))
for value in ("0.1", "10001", "-3e-7", "1.1"):
    check(f"data: c.csv\ncolumns: {{x: {{median: [{value}, {value}], quantile: {{q: 0.9, min: {value}, max: {value}}}, "
          "stdev: {max: 0}}}\n", 0, c_csv=column([value] * 1000))

# Compressed files as other programs make them.
packed = gzip.compress(b"x\n1\n") + b"\0" * 700_000 + gzip.compress(b"2\n") + b"\0" * 512
check("data: c.csv.gz\nrow_count: [2, 2]\n", 0, c_csv_gz=packed)
contains(check("data: c.csv.gz\nrow_count: [2, 2]\n", 1, c_csv_gz=packed + b"more"), "is not whole")
zstd = shutil.which("zstd")
if zstd:
    frame = subprocess.run([zstd, "-q"], input=b"x\n1\n2\n", capture_output=True, check=True).stdout
    skippable = bytes.fromhex("502a4d18" "03000000") + b"abc"
    check("data: c.csv.zst\nrow_count: [2, 2]\n", 0, c_csv_zst=skippable + frame + skippable)

# A file that is not there is told with the place that names it.
for rule in ("no_overlap: {with: gone.csv, key: x}", "drift: {reference: gone.csv}",
             "row_count: {max_change: 1%, reference: gone.csv}",
             "columns: {x: {foreign_key: {file: gone.csv, column: x}}}"):
    contains(check(f"data: c.csv\n{rule}\n", 2, c_csv="x\n1\n"), "spec.yaml:2:", "gone.csv")
