"""Rows that cannot be read are findings with their line, and the rows around them are judged."""
import gzip
from harness import Project, contains, equal

p = Project("stages: {}\n")
p.write("spec.yaml", "data: data.csv\nshow_rows: true\ncolumns: {b: {between: [0, 9]}}\n")


def check(content, exit, name="data.csv"):
    p.path(name).write_bytes(content)
    p.replace("spec.yaml", p.read("spec.yaml").split("\n")[0], f"data: {name}")
    v = p.refit("check", "data", "--spec", "spec.yaml", "--json", exit=exit).json
    return v["results"]


for rows, lines, message in [
    (b"1,2\n3\n4,5\n", [3], "too few cells"),
    (b"1,2\n3,4,5\n", [3], "too many cells"),
    (b"1,2\nx\"y,4\n5,6\n", [3], "a quote out of place"),
    (b"1,\"2\"3\n4,5\n", [2], "a quote out of place"),
    (b"1,2\n\"3,4\n5,6\n", [3], "a quote out of place"),
    (b"1,2\n3\0,4\n", [3], "a NUL byte"),
    (b"1,2\n\xff\xfe,4\n", [3], "bytes that are not UTF-8"),
]:
    malformed, between = check(b"a,b\n" + rows, 4)
    equal((malformed["failing"], malformed["lines"], malformed["outcome"]), (1, lines, "fail"), repr(rows))
    contains(malformed["message"], message)
    equal(between["n"], rows.count(b"\n") - 1, f"the other rows of {rows!r}")

# A byte order mark, CR LF, no newline at the end, and newlines in quotes are no faults.
malformed, between = check(b"\xef\xbb\xbfa,b\r\n\"1\r\n2\",3\r\n\"x\"\"y\",99", 4)
equal((malformed["failing"], between["n"], between["lines"], between["shown"]), (0, 2, [4], ["99"]), "RFC 4180")

# Compressed; and broken on the way.
whole = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,40\n")
malformed, between = check(whole, 4, "data.csv.gz")
equal((malformed["failing"], between["n"], between["lines"]), (0, 2, [3]), "members of gzip follow each other")
p.path("data.csv.gz").write_bytes(whole[:-9])
contains(p.refit("check", "data", "--spec", "spec.yaml", exit=1).stderr, "data.csv.gz is not whole")

# So it is where a thread reads ahead: a break after many rows, and no verdict comes of it.
large = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i % 10) for i in range(600_000))
malformed, between = check(gzip.compress(large, 1), 0, "data.csv.gz")
equal(between["n"], 600_000, "rows of a large file")
p.path("data.csv.gz").write_bytes(gzip.compress(large, 1)[:-100_000])
result = p.refit("check", "data", "--spec", "spec.yaml", "--json", exit=1)
contains(result.stderr, "data.csv.gz is not whole")
equal(result.stdout, "", "no verdict")

# JSON Lines.
malformed, between = check(b'{"a": 1, "b": 2}\n[1]\n{"b": 3\n{"b": 12}\n{"a": "\\u00e9", "b": null}\n', 4, "data.jsonl")
equal((malformed["lines"], between["n"], between["nulls"], between["lines"]), ([2, 3], 2, 1, [4]), "JSON Lines")

# A line of 1 GB is a finding like any other, whatever is in it; what is beyond a limit is not kept.
malformed, between = check(b"a,b\n1,2\n" + b"x" * (80 << 20) + b"\n3,4\n", 4)
equal((malformed["lines"], between["n"]), ([3], 2), "a long line")
contains(malformed["message"], "too long")
with p.path("data.csv").open("wb") as file:
    file.write(b"a,b\n1,2\n")
    file.seek(1 << 30, 1)  # NUL bytes that take no room
    file.write(b"\n3,4\n")
malformed, between = p.refit("check", "data", "--spec", "spec.yaml", "--json", exit=4).json["results"]
equal((malformed["lines"], between["n"]), ([3], 2), "a line of 1 GB")
contains(malformed["message"], "too long")
