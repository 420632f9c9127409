"""A rule for `p*` is a rule for each column that the pattern matches; a column that is called so keeps its own."""
from harness import Project, contains, equal

p = Project("""\
    expect:
      pixels:
        data: pixels.csv
        columns:
          "p*": {type: integer, between: [0, 16]}
          "q*": {not_null: true}
          "r[01]": {mean: {max: 1, where: "label = 1", severity: warn}}
          "z?": {not_null: {severity: warn}}
    stages: {}
    """)
p.write("pixels.csv", "p0,p1,q*,qa,label,r0,r1\n1,2,x,,0,5,5\n3,17,y,,1,0,4\n")
p.refit("check", "data", "pixels", exit=4)
results = p.refit("check", "data", "pixels", "--json", exit=4).json["results"]
equal([(x["rule"], x["column"], x["outcome"]) for x in results if x["rule"] != "malformed"],
      [("type", "p0", "pass"), ("type", "p1", "pass"), ("between", "p0", "pass"), ("between", "p1", "fail"),
       ("not_null", "q*", "pass"), ("mean", "r0", "pass"), ("mean", "r1", "warn"), ("not_null", "z?", "warn")],
      "rules by pattern")
contains(next(x["message"] for x in results if x["column"] == "z?"), "no such column")

# The order of columns does not matter, and with no rows of a column nothing is passed.
p.write("pixels.csv", "r1,r0,label,p1,p0,q*\n1,1,1,1,1,x\n")
p.refit("check", "data", "pixels")
