"""Expectations are judged row by row and over columns; the verdict has what was observed, and the lines that fail."""
from harness import Project, contains, equal

p = Project("""\
    expect:
      people:
        data: people.csv
        row_count: {min: 1, max: 10}
        columns:
          age: {type: integer, not_null: {mostly: 0.6}, between: [0, 120], mean: {min: 0, max: 100}}
          name: {in_set: {values: [Ann, Bob], severity: warn}, length: [3, 5]}
          plan: {in_set: [x]}
    stages: {}
    """)
p.write("people.csv", 'name,age,plan\nAnn,30,\n"Bob",200,\nCarol,,\n')
r = p.refit("check", "data", "people", exit=4)
contains(r.stdout, "age between", "fail", "1 of 2 values fail, first on line 3", "fail: 5 of 9 expectations hold")
verdict = p.refit("check", "data", "people", "--json", exit=4).stdout
equal(verdict, p.read("checks/people.json"), "what is printed is what is written")
v = p.refit("check", "data", "people", "--json", exit=4).json
by = {(x["rule"], x["column"]): x for x in v["results"]}
equal(v["outcome"], "fail", "the outcome")
equal(v["inputs"]["people.csv"]["bytes"], len(p.bytes("people.csv")), "bytes read")
between = by["between", "age"]
equal((between["n"], between["nulls"], between["failing"], between["lines"], between["observed"]),
      (2, 1, 1, [3], 0.5), "a null is in no denominator")
equal((by["not_null", "age"]["outcome"], by["mean", "age"]["outcome"], by["mean", "age"]["observed"]),
      ("pass", "fail", 115), "mostly, and a mean that is too high")
equal((by["in_set", "name"]["outcome"], by["in_set", "name"]["lines"]), ("warn", [4]), "severity: warn")
equal(by["in_set", "plan"]["outcome"], "not_evaluated", "a column of nulls passes nothing")
equal("Carol" in verdict, False, "rows are not shown unasked")

# As a stage it has judged, and that is success; alone with a warning it is, too.
p.refit("check", "data", "people", "--stage")
p.write("people.csv", "name,age,plan\nAnn,30,x\nCarol,40,x\n")
contains(p.refit("check", "data", "people").stdout, "warn: 8 of 9 expectations hold")
p.write("people.csv", "name,age,plan\nAnn,30,x\n")
contains(p.refit("check", "data", "people").stdout, "pass: 9 of 9 expectations hold")
