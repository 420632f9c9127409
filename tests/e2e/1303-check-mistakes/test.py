"""A definition that is wrong is one line with its place, and a suggestion where there is one."""
from harness import Project, contains

p = Project("expect:\n  a: {data: a.csv}\nstages: {}\n")
p.write("a.csv", "x,amount\n1,2\n")
for text, place, message in [
    ("columns: {x: {betwen: [0, 1]}}", "2:15", "did you mean `between`?"),
    ("row_counts: {min: 1}", "2:1", "did you mean `row_count`?"),
    ("columns: {x: {between: {}}}", "2:24", "`between` lacks `min` or `max`"),
    ("columns: {x: {between: [2, 1]}}", "2:24", "min is above its max"),
    ("columns: {x: {between: {mim: 1}}}", "2:25", "did you mean `min`?"),
    ("columns: {x: {type: int}}", "2:21", "one of integer, number"),
    ("columns: {x: {matches: '['}}", "2:24", "the pattern `[` is wrong"),
    ("columns: {x: {not_null: {mostly: 2}}}", "2:34", "a number from 0 to 1"),
    ("columns: {x: {not_null: {where: 'x <'}}}", "2:33", "the expression ends where"),
    ("columns: {x: {not_null: {where: 'z < 1'}}}", "2:25", "names a column `z`"),
    ("columns: {x: {not_null: false}}", "2:25", "can only be true"),
    ("severity: bad", "2:11", "`error` or `warn`"),
    ("freshness: {column: x, max_age: soon}", "2:33", "with a unit"),
    ("columns: {x: {foreign_key: {file: a.csv, column: z}}}", "2:28", "a.csv has no column `z`"),
]:
    p.write("spec.yaml", f"data: a.csv\n{text}\n")
    contains(p.refit("check", "data", "--spec", "spec.yaml", exit=2).stderr, f"spec.yaml:{place}: ", message)
contains(p.refit("check", "data", "b", exit=2).stderr, "no `expect.b`")
contains(p.refit("check", "dada", "a", exit=2).stderr, "did you mean `data`?")
contains(p.refit("check", "data", exit=2).stderr, "name what is checked")
p.write("spec.yaml", "data: none.csv\n")
contains(p.refit("check", "data", "--spec", "spec.yaml", exit=2).stderr, "cannot open none.csv")

# A column that is not there is a finding, with the one that was meant.
p.write("spec.yaml", "data: a.csv\ncolumns: {amuont: {not_null: true}}\n")
text = p.refit("check", "data", "--spec", "spec.yaml", exit=4).stdout
contains(text, "there is no column `amuont`; did you mean `amount`?")
