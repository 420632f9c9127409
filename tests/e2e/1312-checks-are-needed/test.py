"""Stages that name a check in `needs`, or have its verdict as a dep, are held back too; a verdict that
somebody wrote does not count."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      publish:
        cmd: cp notes.txt published.txt
        deps: [notes.txt]
        outs: [published.txt]
        needs: [table]
      page:
        cmd: wc -c < checks/table.json > page.txt
        deps: [checks/table.json]
        outs: [page.txt]
    expect:
      table: {data: table.csv, row_count: {min: 2}, verdict: checks/table.json}
    """)
p.write("notes.txt", "n")
p.write("table.csv", "a\n1\n")
result = p.refit("run", "--json", exit=4)
equal(result.states, {"table": "ran", "publish": "blocked", "page": "blocked"}, "one row")
p.write("table.csv", "a\n1\n2\n")
p.run(ran=3)

# The verdict is an out like any other: edited by hand, it is made again.
p.write("checks/table.json", p.bytes("checks/table.json").replace(b'"pass"', b'"fail"').decode())
result = p.refit("run", "--json")
equal((result.states["table"], result.states["publish"]), ("restored", "fresh"), "an edited verdict")

# A file that is not there fails the check, and holds back all the same.
p.remove("table.csv")
result = p.refit("run", "--json", exit=1)
equal(result.states["table"], "failed", "no data")
contains(result.reasons["table"], "table.csv")
equal((result.states["publish"], result.states["page"]), ("skipped", "skipped"), "what follows")
