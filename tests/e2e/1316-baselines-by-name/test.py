"""A baseline can be called by name: a revision of git, a run, or what the policy says is deployed in an environment.
Its files come from the store or from git; one that cannot be had, or was scored on other rows, asks for an approval."""
from approvals import Gated
from harness import contains, equal, expect

p = Gated()
p.remove("checks/release.json", "base.csv", "test.csv", "model.bin")
MANIFEST = """\
stages:
  train: {cmd: cp seed.txt model.bin, deps: [seed.txt], outs: [model.bin]}
  predict:
    cmd: sh predict.sh
    deps: [predict.sh, model.bin, truth.csv]
    outs: [rows.csv]
    metrics: [m.json: {cache: false}]
  ship: {kind: deploy, cmd: cat model.bin >> shipped.txt, deps: [model.bin]}
gates:
  release:
    model: model.bin
    baseline: BASELINE
    rows: {candidate: rows.csv, key: id, label: y, prediction: p}
    metric_files: {candidate: m.json}
    metrics:
      accuracy: {better: higher, max_drop: 0.4}
      size: {better: lower, max_rise: 1}
"""
p.write("predict.sh", """\
echo id,y,p > rows.csv
tail -n +2 truth.csv | while IFS=, read -r id y; do
    echo "$id,$y,$(cut -c$(((id - 1) % 4 + 1)) model.bin)" >> rows.csv
done
echo "{\\"size\\": $(cut -c5- model.bin)}" > m.json
""")
p.write("truth.csv", "id,y\n" + "".join(f"{i},1\n" for i in range(1, 401)))
p.write(".gitignore", "/.refit/\n/rows.csv\n/model.bin\n/checks/\n")


def build(seed, baseline, exit=None):
    p.write("seed.txt", seed + "\n")
    p.write("refit.yaml", MANIFEST.replace("BASELINE", baseline))
    return p.refit("run", "--json", exit=exit)


def verdict():
    results = p.refit("check", "model", "release", "--json", exit=None).json["results"]
    return {r["rule"]: (r["outcome"], r["message"]) for r in results}


# The first model has no baseline.
build("11111", "v1", exit=3)
contains(verdict()["baseline"][1], "there is no baseline, so nothing says that this model is as good: `v1`: ")
p.git("init", "-q", "-b", "main")
first = p.commit("cy")
p.git("tag", "v1")
result = build("11111", "v1")
equal(result.states["release"], "ran", "the name stands for a build now")
inputs = p.refit("check", "model", "release", "--json").json["inputs"]
equal(sorted((path.split("/")[-1], each["role"]) for path, each in inputs.items() if path.startswith(".refit/")),
      [("m.json", "baseline"), ("rows.csv", "baseline")], "files of the past build")

# A worse model is compared with it; again there is nothing to do, until the name is moved.
result = build("11002", "v1", exit=4)
contains(verdict()["max_drop"][1], "0.5, baseline 1: change -0.5")
contains(verdict()["max_rise"][1], "2, baseline 1: change -1; max_rise 1")
second = p.commit("cy", message="worse")
result = p.refit("run", "--json", exit=4)
equal(result.states["release"], "fresh", "the same baseline")
p.git("tag", "-f", "v1")
result = p.refit("run", "--json")
equal(result.states["release"], "ran", "the tag was moved")
contains(verdict()["max_drop"][1], "0.5, baseline 0.5: change +0")

# Runs: by id, and the last one before.
run = p.refit("history", "--json").json["runs"][-1]["run"]
build("11002", run, exit=4)
contains(verdict()["max_drop"][1], "0.5, baseline 1: change -0.5")

# What is deployed is the policy's word.
build("11002", "production", exit=3)
contains(verdict()["baseline"][1], "`production`", "neither a run")
p.policy(environments="{production: {gates: [release], since: %s}}" % first)
p.refit("run", exit=4)
contains(verdict()["max_drop"][1], "0.5, baseline 1: change -0.5")
p.policy(environments="{production: {gates: [release], since: %s}}" % second)
p.refit("run")
contains(verdict()["max_drop"][1], "0.5, baseline 0.5: change +0")
p.policy(environments="{production: {gates: [release]}}")
p.refit("run", exit=3)
contains(verdict()["baseline"][1], "`production`: the policy does not say which commit is deployed there")

# Other rows are no baseline; nor is what neither the store nor git has. An approval goes on all the same.
p.write("truth.csv", "id,y\n" + "".join(f"{i},1\n" for i in range(1, 301)))
build("11002", first, exit=3)
contains(verdict()["baseline"][1], "it cannot be compared", "score that model on the data of today")
p.write("truth.csv", "id,y\n" + "".join(f"{i},1\n" for i in range(1, 401)))
build("11111", first)
p.remove(".refit/baselines", ".refit/store")
contains(p.refit("run", exit=3).text, "neither the store nor git has its rows.csv")

# A clone takes verdict and baseline from the store.
build("11002", second)
build("11111", second)
p.policy(need=1)
p.remove(".refit/baselines", "checks")
equal(p.refit("run", "--json").states["release"], "restored", "the verdict from the store")
equal(p.refit("run", "--json", "--deploy").states["ship"], "ran", "what is behind the gate")

# What gc can take of them is what the store has, and only when it is asked to.
def baselines():
    return sorted(str(x.relative_to(p.path(".refit/baselines"))) for x in p.path(".refit/baselines").glob("*/*"))


there = baselines()
p.write(".refit/baselines/" + "0" * 32 + "/rows.csv", "what no store has\n")
size = sum(x.stat().st_size for x in p.path(".refit/baselines").glob("*/*"))
result = p.refit("gc", "--json").json
equal((result["baseline_bytes"], result["removed_baseline_bytes"]), (size, 0), "left alone")
result = p.refit("gc", "--json", "-n", "--reproduced").json
equal((result["baseline_bytes"], result["removed_baseline_bytes"]), (size, size - 18), "a dry run")
equal(len(baselines()), len(there) + 1, "a dry run removes nothing")
contains(p.refit("gc", "--reproduced").stdout, "in .refit/baselines, which the store has")
equal(baselines(), ["0" * 32 + "/rows.csv"], "what the store has not")
p.remove("checks")
equal(p.refit("run", "--json", "--deploy").states["release"], "restored", "the verdict, and what it compares with")
expect(set(baselines()) - {"0" * 32 + "/rows.csv"} <= set(there), "the same file again")
