"""`refit migrate`: a refit.yaml that declares the same, and what dvc.lock records is taken over: nothing is to do."""
from dvc import DvcProject
from harness import contains, equal, expect

MANIFEST = """\
# The pipeline.
stages:
  # One remark
  prepare:
    cmd: cat data/x.csv src/a > "made é"   # another
    deps: [data/x.csv, src]
    params: [lr, deep]
    outs: ["made é"]
  train:
    cmd:
      - mkdir -p model/sub
      - cp made* model/sub/weights
    deps: ["made é"]
    params: [{conf.toml: }]
    outs: [model]
    metrics: [m.json: {cache: false}]
  keep: {cmd: echo x >> log, deps: [src], outs: [log: {persist: true}]}
  always: {cmd: echo y > y, always_changed: true, outs: [y]}
# The end.
metrics: [top.json]
"""
BELOW = """\
metrics:
  - below.json
stages:
    # Below.
    train:
        cmd: cat ../model/sub/weights > copy
        deps:
          - ../model
        outs: [copy]
    other: {cmd: "cat copy > other", wdir: ., deps: [copy], outs: [other]}
"""
p = DvcProject(MANIFEST)
p.write("sub/dvc.yaml", BELOW)
p.write(".dvcignore", "*.tmp\n")
p.write("sub/.dvcignore", "/local\n!keep.tmp\n")
p.write("src/a", "a\n")
p.write("src/__pycache__/a.pyc", "compiled, which DVC counts")
p.write("src/b.tmp", "ignored")
p.write("params.yaml", "lr: 0.1\ndeep: {a: {b: [1, 2]}, c: null}\nother: 1\n")
p.write("conf.toml", "x = 1\n[y]\nz = 'a'\n")
p.write("data/x.csv", "1,2\n")
p.data("data/x.csv", p.cache(b"1,2\n"))
p.write("made é", "1,2\na\n")
p.write("model/sub/weights", "1,2\na\n")
p.write("m.json", '{"acc": 0.5}')
p.write("log", "x\nx\n")
p.write("y", "y\n")
p.write("sub/copy", "1,2\na\n")
p.write("sub/other", "1,2\na\n")

src = p.path("src/b.tmp")
src.unlink()  # DVC does not count it
src_entry = p.entry("src")
p.write("src/b.tmp", "ignored")
p.lock({
    "prepare": {"cmd": 'cat data/x.csv src/a > "made é"', "deps": [p.entry("data/x.csv"), src_entry],
                "params": {"params.yaml": {"lr": 0.1, "deep": {"a": {"b": [1, 2]}, "c": None}}},
                "outs": [p.entry("made é")]},
    "train": {"cmd": ["mkdir -p model/sub", "cp made* model/sub/weights"], "deps": [p.entry("made é")],
              "params": {"conf.toml": {"x": 1, "y": {"z": "a"}}}, "outs": [p.entry("model"), p.entry("m.json")]},
    "keep": {"cmd": "echo x >> log", "deps": [src_entry], "outs": [p.entry("log")]},
    "always": {"cmd": "echo y > y", "outs": [p.entry("y")]},
})
p.lock({
    "train": {"cmd": "cat ../model/sub/weights > copy", "deps": [p.entry("model", "../model")],
              "outs": [p.entry("sub/copy", "copy")]},
    "other": {"cmd": "cat copy > other", "deps": [p.entry("sub/copy", "copy")],
              "outs": [p.entry("sub/other", "other")]},
}, "sub/")
p.cache_path("made é")
p.cache_path("sub/copy")
before = p.of_dvc()
graph = p.refit("graph", "--json").json
was = p.snapshot(times=False)
text = p.refit("migrate", "--dry-run").stdout
contains(text, "would make refit.yaml: 7 stages, from 2 dvc.yaml", "would take over", "of 7 stages\n")
equal(p.snapshot(times=False), was, "what is there after a dry run")

# What the workspace lacks comes from DVC's cache.
p.remove("made é", "data/x.csv")
text = p.refit("migrate").stdout
contains(text, "sub.train", "was sub/dvc.yaml:train", "made refit.yaml: 7 stages", "made .refitignore",
         "took over what dvc.lock and .dvc files have of 7 stages\n")
p.untouched(before)
equal(p.read("refit.yaml").split("shell: $SHELL\n\n")[1], MANIFEST.replace("# The end.\nmetrics: [top.json]\n", """
  # data/x.csv.dvc
  x.csv.dvc:
    kind: data
    cmd: "dvc pull 'x.csv.dvc'"
    wdir: data
    outs:
      - x.csv
    frozen: true

  # sub/dvc.yaml
  # Below.
  sub.train:
      wdir: sub
      cmd: cat ../model/sub/weights > copy
      deps:
        - ../model
      outs: [copy]
  other: {cmd: "cat copy > other", wdir: sub, deps: [copy], outs: [other]}
# The end.
metrics: [sub/below.json, top.json]
"""), "refit.yaml")
equal(p.read(".refitignore"), "*.tmp\n/sub/local\n!/sub/**/keep.tmp\n", ".refitignore")

verdicts = p.verdicts()
equal(verdicts, {"x.csv.dvc": "would restore", "prepare": "would restore", "train": "fresh", "keep": "fresh",
                 "always": "would run", "sub.train": "fresh", "other": "fresh"}, "what a run would do")
result = p.run(ran=1, restored=2, fresh=4)
equal(result.started, ["always"], "what always runs")
equal(p.read("made é"), "1,2\na\n", "what was restored")
equal(p.refit("status", "--json").json["counts"]["fresh"], 6, "stages with nothing to do")

# The same graph.
names = {"sub/dvc.yaml:train": "sub.train", "sub/dvc.yaml:other": "other", "data/x.csv.dvc": "x.csv.dvc"}
after = {stage["name"]: stage for stage in p.refit("graph", "--json").json["stages"]}
for stage in graph["stages"]:
    now = after[names.get(stage["name"], stage["name"])]
    for key in ("wdir", "deps", "outs", "params") + (("cmd",) if stage["cmd"] else ()):
        equal(now[key], stage[key], f"{key} of {stage['name']}")

# All of it is in the store: DVC's cache is not needed any more.
p.path(".dvc/cache").rename(p.base / "aside")
p.remove("made é", "data/x.csv", "sub/copy", "model")
equal(p.run(restored=4, fresh=2, ran=1).started, ["always"], "what is restored without DVC")
(p.base / "aside").rename(p.path(".dvc/cache"))

# There is one already.
text = p.read("refit.yaml")
contains(p.refit("migrate", exit=2).stderr, "there is a refit.yaml in", "left as it is")
contains(p.refit("migrate", "-f", "dvc.yaml", exit=2).stderr, "there is a refit.yaml in")
equal(p.read("refit.yaml"), text, "refit.yaml")
p.untouched(before)

# A change is seen as one.
p.write("params.yaml", "lr: 0.2\ndeep: {a: {b: [1, 2]}, c: null}\n")
contains(p.refit("why", "prepare").stdout, "params.yaml:lr 0.1 → 0.2")
p.write("src/b.tmp", "ignored still")
equal(p.verdicts()["keep"], "fresh", "what .refitignore names does not count")
expect(p.verdicts()["prepare"] == "would run", "a changed parameter")
