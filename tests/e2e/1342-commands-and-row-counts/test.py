"""An expectation can be a command of the project's own, and the number of rows can be compared with another table's."""
from harness import Project, contains, equal

p = Project("""\
    expect:
      people:
        data: people.csv
        row_count: {max: 1000, max_change: 50%, reference: old.csv}
        command:
          - {run: 'sh check.sh "$1"'}
          - {run: 'test "$REFIT_DATA" = people.csv; exit 3', severity: warn}
        deps: [check.sh]
    stages:
      use: {cmd: cp people.csv used.csv, deps: [people.csv], outs: [used.csv]}
    """)
p.write("check.sh", "grep -q Ann $1 || { echo looked; echo 'nobody is called Ann' >&2; exit 1; }\n")
p.write("old.csv", "name\nAnn\nBo\n")
p.write("people.csv", "name\nAnn\nBo\nCy\n")
result = p.refit("run", "--json")
equal(result.states, {"people": "ran", "use": "ran"}, "three rows instead of two")
p.run(fresh=2)
results = p.refit("check", "data", "people", "--json").json["results"]
equal([(r["rule"], r["outcome"], r["observed"]) for r in results],
      [("malformed", "pass", 0), ("row_count", "pass", 3), ("command", "pass", 0), ("command", "warn", 3)], "all of it")
contains(results[1]["message"], "3 rows, and 2 in old.csv: more by 50% (max_change 50%)")

# A profile will do as well, and what fails says by how much, or what the command said last.
p.write("profile.json", p.refit("check", "profile", "old.csv").stdout)
p.replace("refit.yaml", "reference: old.csv", "reference: profile.json")
p.write("people.csv", "name\nBo\nCy\nDi\nEd\n")
result = p.refit("run", "--json", exit=4)
equal(result.states["use"], "blocked", "what uses the data")
text = p.refit("check", "data", "people", exit=4).stdout
contains(text, "4 rows, and 2 in profile.json: more by 100% (max_change 50%)",
         'command `sh check.sh "$1"`: exit status 1: nobody is called Ann')
p.write("people.csv", "name\n")
contains(p.refit("check", "data", "people", exit=4).stdout, "0 rows, and 2 in profile.json: fewer by 100%")

# The command's files are inputs of the check. What reads never executes it.
p.write("people.csv", "name\nAnn\nBo\n")
p.refit("run")
p.write("check.sh", "touch executed; exit 1\n")
p.refit("status")
p.refit("why", "people")
p.refit("run", "-n")
equal(p.exists("executed"), False, "a reader executed the command")
result = p.refit("run", "--json", exit=4)
equal((result.states["people"], result.reasons["people"]), ("ran", "dep check.sh changed"), "another script")
p.write("check.sh", "kill -9 $$\n")
contains(p.refit("check", "data", "people", exit=4).stdout, "exit status 137: Killed")

# What makes no sense.
for text, place, message in [
    ("row_count: {max_change: 10%}", "2:12", "lacks `reference`"),
    ("row_count: {reference: old.csv}", "2:12", "lacks `min`, `max` or `max_change`"),
    ("row_count: {min: 1, reference: old.csv}", "2:12", "lacks `max_change`"),
    ("row_count: {max_change: ten, reference: old.csv}", "2:25", "such as 10% or 0.1"),
    ("row_count: {max_change: -1%, reference: old.csv}", "2:25", "such as 10% or 0.1"),
    ("row_count: {max_change: 0.1, reference: old.csv, where: 'name = 1'}", "2:12", "leave out `where`"),
    ("command: 7", "2:10", "`command` cannot be"),
    ("command: {severity: warn}", "2:10", "`command` lacks `run`"),
    ("command: {run: x, mostly: 0.5}", "2:19", "no option of `command` `mostly`"),
]:
    p.write("spec.yaml", f"data: people.csv\n{text}\n")
    contains(p.refit("check", "data", "--spec", "spec.yaml", exit=2).stderr, f"spec.yaml:{place}: ", message)
p.write("old.csv", "name\n")
p.write("spec.yaml", "data: people.csv\nrow_count: {max_change: 0.1, reference: old.csv}\n")
contains(p.refit("check", "data", "--spec", "spec.yaml", exit=4).stdout, "2 rows, and 0 in old.csv: more by inf%")
