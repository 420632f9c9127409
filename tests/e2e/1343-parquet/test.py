"""A Parquet file becomes a table and a profile by the user's own Python, with pyarrow or duckdb: both give the same
profile, as does the table that somebody writes by hand."""
# tags: venv
import subprocess

from harness import Project, contains, equal, venv

python = venv()
MAKE = """\
import datetime, pyarrow, pyarrow.parquet
n = 3000
def day(i):
    return datetime.datetime(2026, 1, 1, 12) + datetime.timedelta(days=i % 20, milliseconds=250 * (i % 2))
table = pyarrow.table({
    "id": range(n),
    "x": [None if i % 50 == 0 else float("nan") if i % 51 == 0 else (i * 7919 % 1000) / 8 for i in range(n)],
    "name": [None if i % 7 == 0 else "" if i % 7 == 1 else f'n "{i}", \\u00e9' for i in range(n)],
    "kind": pyarrow.array([f"k{i % 4}" for i in range(n)]).dictionary_encode(),
    "yes": [i % 3 == 0 for i in range(n)],
    "at": [datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=i) for i in range(n)],
    "day": [None if i % 40 == 0 else day(i) for i in range(n)],
    **{f"{unit} {zone}": pyarrow.array([day(i) for i in range(n)], type=pyarrow.timestamp(unit, zone or None))
       for unit in ("ms", "us", "ns") for zone in ("", "UTC", "Europe/Berlin")},
    "date": [day(i).date() for i in range(n)],
})
write = pyarrow.parquet.write_table
write(table, "all.parquet", row_group_size=700)
write(table.slice(0, 1000), "parts/1.parquet")
write(table.slice(1000), "parts/2.parquet")
write(table.slice(0, 0), "empty.parquet")
write(table.append_column("list", pyarrow.array([[1]] * n)), "nested.parquet")
"""
# Without pyarrow: `-I -c CODE ARGUMENT...` is what the rule says.
WITHOUT = f"""\
#!{python} -I
import sys
sys.modules["pyarrow"] = None
code, sys.argv = sys.argv[3], sys.argv[3:]
exec(code)
"""
p = Project(None)
p.write("make.py", MAKE)
p.path("parts").mkdir()
subprocess.run([python, "make.py"], cwd=p.root, check=True)
p.write("duck", WITHOUT)
p.path("duck").chmod(0o755)
stages = ["stages:"]
for tool, program in (("arrow", python), ("duck", p.path("duck"))):
    for name, data, more in (("all", "all.parquet", ""), ("parts", "parts", ""), ("empty", "empty.parquet", ""),
                             ("nested", "nested.parquet", ""), ("some", "nested.parquet", "columns: [x, id], "),
                             ("missing", "all.parquet", "columns: [id, y], ")):
        out = f"{tool}-{name}"
        stages.append(f"  {out}: {{use: data.parquet, with: {{data: {data}, table: {out}.csv.gz, {more}"
                      f"profile: {out}.json, python: '{program}'}}}}")
p.write("refit.yaml", "\n".join(stages) + """
expect:
  table:
    data: arrow-all.csv.gz
    row_count: {min: 3000, max: 3000}
    columns:
      id: {type: integer, unique: true}
      name: {not_null: {mostly: 0.85}, distinct_count: [2000, 3000]}
      yes: {type: boolean}
      at: {type: timestamp}
      "* Europe/Berlin": {type: timestamp, min: {min: "2026-01-01 12:00:00.000000Z"}}
      x: {null_ratio: {max: 0.02}, between: {min: 0, max: 125, mostly: 0.95}}
    drift: {reference: duck-parts.json}
""")
result = p.refit("run", "-k", "--json", exit=1)
failed = {name for name, state in result.states.items() if state == "failed"}
equal(failed, {f"{tool}-{name}" for tool in ("arrow", "duck") for name in ("nested", "missing")}, "what failed")
for tool in ("arrow", "duck"):
    contains(p.refit("logs", f"{tool}-nested").stdout, "nested.parquet: the column list is of type",
             "which no table has")
    contains(p.refit("logs", f"{tool}-missing").stdout, "there is no column 'y' among")
profile = p.bytes("arrow-all.json")
for name in ("duck-all", "arrow-parts", "duck-parts"):
    equal(p.bytes(f"{name}.json") == profile, True, f"the profile of {name}")
equal(p.bytes("arrow-some.json") == p.bytes("duck-some.json"), True, "the profile of some columns")
equal(p.bytes("arrow-empty.json") == p.bytes("duck-empty.json"), True, "the profile of no rows")
verdict = p.refit("check", "data", "table", "--json", exit=None).json
equal([(r["rule"], r["column"], r["message"]) for r in verdict["results"] if r["outcome"] != "pass"], [], "findings")
equal(sorted(r["column"] for r in verdict["results"] if r["rule"] == "drift"), ["date", "day", "id", "kind", *sorted(
    f"{unit} {zone}" for unit in ("ms", "us", "ns") for zone in ("", "UTC", "Europe/Berlin")), "x", "yes"],
      "columns whose drift was judged")
