"""What dvc.lock does not vouch for any more is not taken over, stage by stage, and the reason is given."""
import os

from dvc import DvcProject
from harness import contains, equal, expect

p = DvcProject("""\
stages:
  same: {cmd: echo same > same, deps: [d], outs: [same]}
  command: {cmd: echo now > command, deps: [d], outs: [command]}
  dep: {cmd: cat e > dep, deps: [e], outs: [dep]}
  more: {cmd: cat d > more, deps: [d, e], outs: [more]}
  param: {cmd: echo param > param, params: [lr], outs: [param]}
  new_param: {cmd: echo param > new_param, params: [lr, n], outs: [new_param]}
  edited: {cmd: echo edited > edited, deps: [d], outs: [edited]}
  gone: {cmd: echo gone > gone, deps: [d], outs: [gone]}
  new: {cmd: echo new > new, deps: [d], outs: [new]}
  nothing: {cmd: "true"}
  after: {cmd: cat gone > after, deps: [gone], outs: [after]}
  source: {cmd: "false", deps: [nowhere], outs: [frozen], frozen: true}
""")
p.write("params.yaml", "lr: 2\nn: 1\n")
for name in ("d", "e", "same", "command", "dep", "more", "param", "new_param", "edited", "gone", "after", "frozen"):
    p.write(name, name + "\n")
p.write("bin", "b", executable=True)


def made(name, deps=("d",), cmd=None, **params):
    entry = {"cmd": cmd or f"echo {name} > {name}", "deps": [p.entry(dep) for dep in deps], "outs": [p.entry(name)]}
    return {**entry, "params": {"params.yaml": params}} if params else entry


stages = {name: made(name) for name in ("same", "command", "edited", "gone")}
stages["dep"] = made("dep", ["e"], "cat e > dep")
stages["more"] = made("more", ["d"], "cat d > more")
stages["param"] = made("param", [], lr=1)
stages["new_param"] = made("new_param", [], "echo param > new_param", lr=2)
stages["after"] = made("after", ["gone"], "cat gone > after")
stages["source"] = made("frozen", ["d"], "false")
p.lock(stages)
p.cache(b"edited\n")
p.write("e", "changed\n")
p.write("edited", "by hand\n")
p.remove("gone", "frozen")
p.cache(b"frozen\n")
before = p.of_dvc()
for arguments in (("-n",), ()):
    result = p.refit("migrate", "--json", *arguments).json
    reasons = {stage["name"]: stage["reason"] for stage in result["stages"]}
    contains(reasons.pop("command"), "its command is not that of dvc.lock")
    contains(reasons.pop("dep"), "the dep e is not as dvc.lock has it")
    contains(reasons.pop("more"), "its deps are not those of dvc.lock")
    contains(reasons.pop("param"), "its parameters are not those of dvc.lock")
    contains(reasons.pop("new_param"), "its parameters are not those of dvc.lock")
    contains(reasons.pop("gone"), "DVC's cache does not have")
    contains(reasons.pop("new"), "dvc.lock does not have it")
    contains(reasons.pop("after"), "the dep gone is not as dvc.lock has it")
    equal(reasons, {"same": "", "edited": "", "nothing": "", "source": ""}, "of the others")
    equal(sorted(stage["name"] for stage in result["stages"] if stage["taken"]), ["edited", "same", "source"], "taken")
p.untouched(before)
verdicts = p.verdicts()
equal({name: verdicts[name] for name in ("same", "edited", "source")},
      {"same": "fresh", "edited": "would restore", "source": "would restore"}, "what was taken over")
equal({verdicts[name] for name in set(verdicts) - {"same", "edited", "source", "after"}}, {"would run"}, "the others")
p.refit("run", "source", "edited")
equal((p.read("frozen"), p.read("edited")), ("frozen\n", "edited\n"), "restored")

# What is broken, or cannot be written, leaves no refit.yaml.
q = DvcProject("stages: {a: {cmd: x, outs: [a]}}\n")
q.write("dvc.lock", "schema: '2.0'\nstages:\n  a: {outs: []}\n")
contains(q.refit("migrate", exit=2).stderr, "dvc.lock:3:6", "`cmd`")
q.write("dvc.lock", "schema: '9'\n")
contains(q.refit("migrate", exit=2).stderr, "dvc.lock:1:9", "schema")
q.remove("dvc.lock")
expect(not q.exists("refit.yaml"), "no refit.yaml")
q.write(".dvcignore", "x\n")
q.write(".refitignore", "y\n")
contains(q.refit("migrate").stdout, ".refitignore was left as it is", "\n  x\n")
equal(q.read(".refitignore"), "y\n", ".refitignore")
# Nothing of DVC here.
os.mkdir(q.base / "nothing")
contains(q.refit("migrate", cwd=q.base / "nothing", exit=2).stderr, "no refit.yaml in", "no dvc.yaml")
