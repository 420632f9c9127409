"""Drift against a file and its profile is the same; it takes an effect and significance; new categories fail."""
import math
import random
import re

from harness import Project, contains, equal

p = Project("stages: {}\n")
source = random.Random(2)


def write(name, rows, mean=0.0, cities=("a", "b", "c"), nulls=0.0):
    lines = [f"{source.gauss(mean, 1)!r},{source.choice(cities)}" if source.random() >= nulls else
             f",{source.choice(cities)}" for _ in range(rows)]
    p.write(name, "x,city\n" + "\n".join(lines) + "\n")


def check(reference, exit, method="psi", more=""):
    p.write("spec.yaml", f"data: now.csv\ndrift: {{reference: {reference}, method: {method}{more}}}\n")
    r = p.refit("check", "data", "--spec", "spec.yaml", "--json", exit=exit).json
    return {x["column"]: x for x in r["results"] if x["rule"] == "drift"}


write("old.csv", 20000)
p.refit("check", "profile", "old.csv", "-o", "old.json")
first = p.read("old.json")
lines = p.read("old.csv").splitlines()
rows = lines[1:]
source.shuffle(rows)
p.write("old.csv", "\n".join([lines[0], *rows]) + "\n")
equal(p.refit("check", "profile", "old.csv").stdout, first, "the profile of the same rows in another order")

# The same distribution, in a batch so small that a bare threshold would be crossed.
write("now.csv", 60)
for method in ("psi", "chi2", "js", "linf"):
    result = check("old.json", 0, method)
    observed = [{name: x["observed"] for name, x in one.items()} for one in (result, check("old.csv", 0, method))]
    equal(observed[0], observed[1], f"{method} of a profile and of its file")
    equal({x["outcome"] for x in result.values()}, {"pass"}, method)

# Another mean, categories in other shares, nulls.
write("now.csv", 3000, mean=0.6, cities=("a", "a", "a", "b", "c"))
for method in ("psi", "chi2", "js", "linf"):
    result = check("old.json", 4, method)
    equal([result[name]["outcome"] for name in ("x", "city")], ["fail", "fail"], method)
    contains(result["x"]["message"], "it has drifted")
result = check("old.json", 4, "ks", ", columns: [x]")
equal((list(result), result["x"]["outcome"]), (["x"], "fail"), "ks")
shift = 2 * (0.5 * (1 + math.erf(0.3 / math.sqrt(2)))) - 1  # of two normal distributions .6 apart
equal(abs(result["x"]["observed"] - shift) < 0.05, True, "the distance of ks")
result = check("old.json", 4, "wasserstein", ", columns: [x]")
equal(result["x"]["outcome"], "fail", "wasserstein")
equal(0.5 < result["x"]["observed"] < 0.61, True, f"two normal distributions .6 apart: {result}")
equal(check("old.csv", 4, "wasserstein", ", columns: [x]")["x"]["observed"], result["x"]["observed"], "of the file")
contains(check("old.json", 4, "wasserstein")["city"]["message"], "`wasserstein` compares numbers")
p.write("older.json", re.sub(r',"stdev":[-0-9.e]+', "", p.read("old.json")))
contains(check("older.json", 4, "wasserstein", ", columns: [x]")["x"]["message"], "make it again")
write("now.csv", 60)
equal(check("old.json", 0, "wasserstein", ", columns: [x]")["x"]["outcome"], "pass", "a small batch of the same")
write("now.csv", 3000, nulls=0.3)
equal(check("old.json", 4)["x"]["outcome"], "fail", "nulls have a bin")

# Large enough to be significant, but too small an effect.
write("now.csv", 20000, mean=0.08)
contains(check("old.json", 0)["x"]["message"], "no drift")

# One row of a category that was never there.
p.write("now.csv", p.read("now.csv") + "0.1,new\n")
result = check("old.json", 4)
equal((result["city"]["failing"], result["x"]["outcome"]), (1, "pass"), "a new category")

# What cannot be compared says so.
equal(check("old.json", 4, "ks")["city"]["outcome"], "fail", "ks of categories")
for text, message in [("{reference: old.json, columns: [z]}", "has no column `z`"),
                      ("{method: psi}", "lacks `reference`"),
                      ("{reference: old.json, method: emd}", "one of psi, ks, chi2, js, linf and wasserstein"),
                      ("{reference: spec.yaml.json}", "cannot open")]:
    p.write("spec.yaml", f"data: now.csv\ndrift: {text}\n")
    contains(p.refit("check", "data", "--spec", "spec.yaml", exit=2).stderr, message)
p.write("odd.json", '{"format": "refit-profile/1", "columns": {"x": {"type": "number"}}}')
p.write("spec.yaml", "data: now.csv\ndrift: {reference: odd.json}\n")
contains(p.refit("check", "data", "--spec", "spec.yaml", exit=2).stderr, "odd.json is no profile")

# A column of one value alone: in each method the same value is no drift, and another one is, above, below, and in a
# batch of few rows. Where few rows leave no bins with enough of them, chance is told by permutation.
p.write("old.csv", "x,y\n" + "".join(f"5,{source.gauss(0, 1)!r}\n" for _ in range(1000)))
p.refit("check", "profile", "old.csv", "-o", "old.json")
for rows in (6, 100):
    for value, exit, outcome in ((5, 0, "pass"), (7, 4, "fail"), (3, 4, "fail")):
        p.write("now.csv", "x,y\n" + "".join(f"{value},{source.gauss(0, 1)!r}\n" for _ in range(rows)))
        for method in ("psi", "ks", "chi2", "js", "linf", "wasserstein"):
            for reference in ("old.csv", "old.json"):
                result = check(reference, exit, method)
                equal((result["x"]["outcome"], result["y"]["outcome"]), (outcome, "pass"), f"{method}, {rows}, {value}")
                equal("nan" in result["x"]["message"] + result["y"]["message"], False, result["x"]["message"])

# Most are zeros, the least there is: minus ones in their place are seen.
p.write("old.csv", "x\n" + "".join(f"{max(0, source.gauss(0, 1))!r}\n" for _ in range(3000)))
p.write("now.csv", p.read("old.csv").replace("\n0\n", "\n-1\n").replace("\n0\n", "\n-1\n"))
p.refit("check", "profile", "old.csv", "-o", "old.json")
for method in ("psi", "chi2", "js", "linf", "ks"):
    equal(check("old.json", 4, method)["x"]["outcome"], "fail", f"{method}, by its profile")
    equal(check("old.csv", 4, method)["x"]["outcome"], "fail", method)
for method in ("psi", "chi2", "js"):
    p.write("now.csv", "x\n" + "".join(f"{source.gauss(0, 1) + 9!r}\n" for _ in range(8)))
    equal(check("old.csv", 4, method)["x"]["outcome"], "fail", f"{method}, eight rows far away")
