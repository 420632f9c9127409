"""A dvc.yaml runs as it is where there is no refit.yaml: its keys, its flags, its way to split commands."""
from dvc import DvcProject
from harness import contains, equal, expect

p = DvcProject("""\
# What nothing here needs is carried.
params: [other.yaml]
metrics: [top.json, out/metrics.json]
plots:
  - out/plot.csv
  - losses: {x: epoch, y: {out/plot.csv: loss}, title: t, x_label: a, y_label: b, template: linear}
artifacts:
  model: {path: out/model, type: model, desc: d, labels: [a], meta: {b: c}}
datasets:
  - {name: d, type: dvc, url: https://example.org/x}
stages:
  lines:
    cmd: |
      cd out
      pwd > where

      echo second $PWD > second
    outs: [where, second]
    wdir: .
  items:
    cmd:
      - cd out
      - cat where > items
    deps: [where, where]
    outs: [items: {cache: false, push: false, remote: r, desc: d, type: t, labels: [a], meta: {b: c}, checkpoint: true}]
    desc: a stage
    meta: {x: [1]}
  folded:
    cmd: >-
      mkdir -p out/model &&
      echo $RANDOM_NAME m > out/model/weights
    wdir: .
    deps:
      - items
    params:
      - lr
      - other.yaml:
    outs:
      - out/model:
          persist: true
    metrics:
      - out/metrics.json:
          cache: false
    plots:
      - out/plot.csv:
          - {x: a, y: b}
          - {x: a, y: c, header: false}
  always:
    cmd: echo x >> count
  only_outs:
    cmd: echo y > made; echo y >> count_made
    outs: [made]
  changed:
    cmd: echo z > changed.txt
    deps: [made]
    outs: [changed.txt]
    always_changed: true
  below:
    cmd: cat ../items > copy
    wdir: sub
    deps: [../items]
    outs: [copy]
  frozen:
    cmd: "false"
    frozen: true
    deps: [nowhere]
    outs: [source.txt]
""")
p.write("out/.keep")
p.write("sub/.keep")
p.write("source.txt", "s\n")
p.write("params.yaml", "lr: 1\n")
p.write("other.yaml", "a: 1\n")
p.write("top.json", '{"acc": 0.5}')
before = p.of_dvc()
result = p.refit("run", "-k", "--json", exit=1)
contains(result.reasons["folded"], "did not produce its out out/metrics.json")
p.replace("dvc.yaml", "out/model/weights\n",
          "out/model/weights && echo '{\"m\": 1}' > out/metrics.json && touch out/plot.csv\n")
before = p.of_dvc()
result = p.run(fresh=5, ran=3)
equal(sorted(result.started), ["always", "changed", "folded"], "what had not run, and what always runs")
equal(p.read("where"), f"{p.root}\n", "a cd in one line does not reach the next")
equal(p.read("second"), f"second {p.root}\n", "each line has its own shell")
equal(p.read("items"), p.read("where"), "nor does one in an item of a list")
equal(p.read("sub/copy"), p.read("items"), "a path with .. below wdir")
equal(p.read("count"), "x\nx\n", "a stage without deps and outs runs always")
equal(p.read("count_made"), "y\n", "one with outs alone runs once")
p.write("params.yaml", "lr: 2\n")
contains(p.refit("why", "folded").stdout, "params.yaml:lr 1 → 2")
p.untouched(before)

metrics = p.refit("metrics", "--json").json["metrics"]
equal([(each["stage"], each["path"]) for each in metrics], [("folded", "out/metrics.json"), ("", "top.json")],
      "metrics")

contains(p.refit("init", exit=2).stderr, "there is a dvc.yaml in this folder", "refit migrate")

# A refit.yaml in the same place, or above, is what counts; -f names either.
p.write("refit.yaml", "stages: {mine: {cmd: 'true'}}\n")
equal(sorted(p.verdicts()), ["mine"], "stages of refit.yaml")
expect("folded" in p.verdicts("-f", "dvc.yaml"), "stages of dvc.yaml")
p.refit("status", "-f", "nowhere/dvc.yaml", exit=2)
