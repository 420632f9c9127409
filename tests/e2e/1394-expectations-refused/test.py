"""Every key of a definition of expectations has its line when its value cannot be meant."""
from harness import Project, contains

p = Project("stages: {}\n")
p.write("a.csv", "x,amount\n1,2\n")


def of(rule, text):
    return f"columns: {{x: {{{rule}: {text}}}}}"


for text, message in [
    ("data: [a]", "`data` must be a string, not a list"),
    ("format: xml", "`format` must be `csv` or `jsonl`"),
    ("delimiter: ';;'", "`delimiter` must be one byte"),
    ("delimiter: '\"'", "`delimiter` must be one byte"),
    ("header: maybe", "`header` must be true or false, not a string"),
    ("show_rows: 1", "`show_rows` must be true or false"),
    ("null_values: NA", "`null_values` must be a list of strings"),
    ("null_values: [[NA]]", "`null_values` must be a list of strings"),
    ("severity: 3", "`severity` must be `error` or `warn`"),
    ("columns: [x]", "`columns` must be a map of columns to rules, not a list"),
    ("columns: {x: not_null}", "the rules of column `x` must be a map, not a string"),
    (of("type", "[integer]"), "`type` must be one of integer, number"),
    (of("type", "{severity: warn}"), "`type` lacks `is`, a type"),
    (of("not_null", "yes please"), "`not_null` must be true or false"),
    (of("not_null", "{mostly: .nan}"), "`mostly` must be a number from 0 to 1"),
    (of("not_null", "{mostly: -0.1}"), "`mostly` must be a number from 0 to 1"),
    (of("not_null", "{severity: loud}"), "`severity` must be `error` or `warn`"),
    (of("not_null", "{where: [x]}"), "`where` must be a string, not a list"),
    (of("not_null", "{allow_empty: 1}"), "`allow_empty` must be true or false"),
    (of("not_null", "{min: 1}"), "there is no option of `not_null` `min`"),
    (of("between", "[0, 1, 2]"), "give [MIN, MAX] or {min: MIN, max: MAX}"),
    (of("between", "{min: [1]}"), "`between` must be a number or a string, not a list"),
    (of("length", "[1, x]"), "`length` must be a number, not a string"),
    (of("mean", "{max: .nan}"), "`mean` must be a number"),
    (of("sum", "{}"), "`sum` lacks `min` or `max`"),
    (of("median", "[3, 1]"), "`median`: its min is above its max"),
    (of("quantile", "{min: 1}"), "`quantile` lacks `q`"),
    (of("quantile", "{q: 1.5, min: 1}"), "`q` must be a number from 0 to 1"),
    (of("in_set", "[]"), "`in_set` must be a list with something in it"),
    (of("in_set", "[[a]]"), "`in_set` must be a number or a string, not a list"),
    (of("in_set", "{mostly: 0.5}"), "`in_set` lacks `values`"),
    (of("not_in_set", "word"), "`not_in_set` must be a list with something in it"),
    (of("matches", "7"), "`matches` must be a pattern"),
    (of("matches", "{mostly: 0.5}"), "`matches` lacks `pattern`"),
    (of("matches", "{pattern: '(a'}"), "the pattern `(a` is wrong"),
    (of("unique", "false"), "`unique` can only be true"),
    (of("finite", "false"), "`finite` can only be true"),
    (of("increasing", "{strictly: 1}"), "`strictly` must be true or false"),
    (of("foreign_key", "{file: a.csv}"), "`foreign_key` lacks `file` and `column`"),
    (of("foreign_key", "{file: [a], column: x}"), "`file` must be a string"),
    (of("foreign_key", "a.csv"), "`foreign_key` cannot be a string here"),
    ("row_count: many", "`row_count` cannot be a string here"),
    ("row_count: {where: 'x > 0'}", "`row_count` lacks `min`, `max` or `max_change`"),
    ("column_names: {severity: warn}", "`column_names` lacks `exact`, `superset` or `ordered`"),
    ("column_names: {exact: []}", "must be a list with something in it"),
    ("column_names: {exact: [x], where: 'x > 1'}", "there is no option of `column_names` `where`"),
    ("freshness: {column: x}", "`freshness` lacks `column` and `max_age`"),
    ("freshness: {column: x, max_age: 12}", "`max_age` must be a number with a unit"),
    ("freshness: {column: x, max_age: 1234567890s}", "`max_age` must be a number with a unit"),
    ("unique_rows: [[x]]", "`columns` must be a string, not a list"),
    ("unique_rows: {severity: warn}", "`unique_rows` lacks `columns`"),
    ("a_less_than_b: {a: x}", "`a_less_than_b` lacks `a` and `b`"),
    ("a_less_than_b: {a: x, b: amount, or_equal: 1}", "`or_equal` must be true or false"),
    ("no_overlap: {with: a.csv}", "`no_overlap` lacks `with` and `key`"),
    ("drift: {columns: [x]}", "`drift` lacks `reference`"),
    ("drift: {reference: a.csv, columns: []}", "`drift` must name columns in a list"),
    ("drift: {reference: a.csv, alpha: 2}", "`alpha` must be a number from 0 to 1"),
    ("drift: {reference: a.csv, threshold: -1}", "`threshold` must be a number from 0 on"),
    ("drift: {reference: a.csv, method: [psi]}", "one of psi, ks, chi2, js, linf and wasserstein"),
    ("drift: {reference: a.csv, methd: psi}", "did you mean `method`?"),
    ("colums: {}", "did you mean `columns`?"),
]:
    p.write("spec.yaml", text + "\n" if text.startswith("data:") else f"data: a.csv\n{text}\n")
    line = 1 if text.startswith("data:") else 2
    contains(p.refit("check", "data", "--spec", "spec.yaml", exit=2).stderr, f"spec.yaml:{line}:", message)
