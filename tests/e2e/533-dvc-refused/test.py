"""What refit cannot do for a dvc.yaml, and what is wrong with one, is refused by name and place."""
from dvc import DvcProject
from harness import contains, equal

p = DvcProject()
CASES = {
    "stages: {a: {cmd: x, deps: [s3://b/c]}}": ("dvc.yaml:1:29", "remote paths are not supported yet", "s3://b/c"),
    "stages: {a: {cmd: x, deps: ['ds://c']}}": ("dvc.yaml:1:29", "data sets of DVC are not supported yet", "ds://c"),
    "stages: {a: {cmd: x, timeout: 3}}": ("dvc.yaml:1:22", "`timeout` in stage `a` is refit's own", "refit migrate"),
    "stages: {a: {cmd: x, kind: data}}": ("dvc.yaml:1:22", "`kind`", "refit migrate"),
    "tools: [x]\nstages: {}": ("dvc.yaml:1:1", "`tools` at the top level is refit's own", "refit migrate"),
    "stages: {a: {cmd: x, dep: [b]}}": ("dvc.yaml:1:22", "unknown key `dep`", "did you mean `deps`?"),
    "stages: {a: {cmd: x, colour: b}}": ("dvc.yaml:1:22", "unknown key `colour`", "always_changed\n"),
    "stages: {a: {deps: [b]}}": ("dvc.yaml:1:10", "no `cmd`"),
    "stage: {}": ("dvc.yaml:1:1", "unknown key `stage`", "did you mean `stages`?"),
    "params: x": ("dvc.yaml:1:9", "`params` must be a list of files"),
    "metrics: [{a: b}]": ("dvc.yaml:1:11", "an item of `metrics` must be a string"),
    "plots: {a: b}": ("dvc.yaml:1:8", "`plots` must be a list"),
    "plots: [{a: {xx: 1}}]": ("dvc.yaml:1:14", "unknown key `xx` in `plots`"),
    "artifacts: {a: {type: b}}": ("dvc.yaml:1:13", "the artifact `a`", "`path`"),
    "artifacts: {a: {path: b, c: d}}": ("dvc.yaml:1:26", "unknown key `c` in `artifacts`"),
    "datasets: [a]": ("dvc.yaml:1:12", "`name` and a `type`"),
    "stages: {a: {cmd: x, outs: [.dvc/tmp/x]}}": ("dvc.yaml:1:29", "belongs to refit, git or DVC"),
    "stages: {a: {cmd: x, outs: [dvc.lock]}}": ("dvc.yaml:1:29", "declares this project"),
    "stages: {a: {cmd: x, outs: [../x]}}": ("dvc.yaml:1:29", "outside the project"),
    "stages: {a: {cmd: x, outs: [b: {cached: true}]}}": ("dvc.yaml:1:33", "unknown key `cached`", "`cache`"),
    "stages: {\"a\\x07\": {cmd: x}}": ("dvc.yaml:1:10", "cannot name a stage"),
}
for text, parts in CASES.items():
    p.write("dvc.yaml", text + "\n")
    answer = p.refit("status", exit=2)
    contains(answer.stderr, *parts)
    equal(answer.stderr.count("\n"), 1, f"lines that say so of {text}")
