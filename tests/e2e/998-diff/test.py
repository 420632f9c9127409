"""`refit diff` names exactly what was changed between two builds, whether they are runs, revisions or the workspace."""
from harness import contains, equal, expect, pipeline

p = pipeline()
p.git("init", "-q", "-b", "main")
p.write(".gitignore", ".refit/\nwork/\nmodel.txt\nmetrics.json\n")


def build(name):
    p.refit("run")
    p.git("add", "-A")
    p.git("commit", "-q", "-m", name)
    p.git("tag", name)


def diff(*sides):
    return p.refit("diff", *sides, "--json").json


def changed(*sides):
    """What somebody changed: what no stage makes, with the values of parameters."""
    return {(stage["stage"], change["kind"], change["name"],
             *((change["old"], change["new"]) if change["kind"] == "params" else ()))
            for stage in diff(*sides)["stages"] for change in stage["changes"] if change["made_by"] is None}


def files():
    """All there are, but for where LMDB notes who reads."""
    return {name: entry for name, entry in p.snapshot().items() if b"lock.mdb" not in name}


def stage_of(document, name):
    return {stage["stage"]: stage for stage in document["stages"]}[name]


# Commits that change one thing each, and one that changes several.
build("first")
p.replace("params.yaml", "lr: 0.1", "lr: 0.25")
build("parameter")
p.write("data.txt", "one\ntwo\nthree\nfour\nfive\nsix\nseven\n")
build("data")
p.replace("train.sh", 'echo "lr', 'echo "LR')
build("code")
p.replace("params.yaml", "rows: 3", "rows: 4")
p.replace("evaluate.sh", "wc -l", "wc -w")
p.replace("refit.yaml", "cmd: sh train.sh", "cmd: sh ./train.sh")
build("several")

PARAMETER = {("train", "params", "params.yaml:train.lr", "0.1", "0.25")}
DATA = {("split", "deps", "data.txt")}
CODE = {("train", "deps", "train.sh")}
SEVERAL = {("split", "params", "params.yaml:split.rows", "3", "4"), ("evaluate", "deps", "evaluate.sh"),
           ("train", "cmd", "0")}
equal(changed("first", "parameter"), PARAMETER, "a parameter")
equal(changed("parameter", "data"), DATA, "data")
equal(changed("data", "code"), CODE, "code")
equal(changed("code", "several"), SEVERAL, "several at once")
equal(changed("first", "data"), PARAMETER | DATA, "over two commits")
equal(changed("first", "several"), PARAMETER | DATA | CODE | SEVERAL, "over all")
equal(changed("parameter", "first"), {("train", "params", "params.yaml:train.lr", "0.25", "0.1")}, "backwards")

# Runs, revisions and the workspace are the same thing.
runs = p.refit("history", "--names").stdout.split()
stages = diff("first", "several")["stages"]
for sides in ([runs[4], runs[0]], [runs[4], "last"], ["-4", "several"], ["last-4", "."], ["first"], ["first", "HEAD"]):
    equal(diff(*sides)["stages"], stages, f"of {sides}")
short = next(runs[4][:n] for n in range(len(runs[4]) + 1) if sum(run.startswith(runs[4][:n]) for run in runs) == 1)
document = diff(short, "HEAD~1")
equal(document["old"], {"kind": "run", "name": runs[4]}, "a run by its beginning")
equal(document["new"], {"kind": "revision", "name": "HEAD~1", "commit": p.git("rev-parse", "code").strip()},
      "a revision")
equal(diff("HEAD")["new"], {"kind": "workspace", "name": "workspace"}, "the workspace")

# Nothing differs, and --exit-code.
equal(p.refit("diff", "HEAD", "--exit-code").stdout, "nothing differs\n", "the commit that was built")
equal(p.refit("diff", "last", "several").stdout, "nothing differs\n", "its run")
p.refit("diff", "--exit-code", "first", exit=1)

# Words for people.
text = p.refit("diff", "first", "parameter").stdout
equal(text, "train\n"
            "  params.yaml:train.lr 0.1 → 0.25\n"
            "  out model.txt 21 bytes → 22 bytes, 0 bytes of it shared\n"
            "evaluate\n"
            "  dep model.txt changed (made by train)\n"
            "  out metrics.json 32 bytes → 33 bytes, 0 bytes of it shared\n"
            "  metrics.json  model  lr 0.1 → lr 0.25\n", "as lines")
contains(p.refit("diff", "code", "several").stdout, "cmd sh train.sh → sh ./train.sh",
         "evaluate\n  dep evaluate.sh changed\n",
         "metrics.json  lines  8 → 9  +1 (up)")

# The workspace before a run: nothing is executed, and nothing is written.
p.replace("params.yaml", "lr: 0.25", "lr: 0.5")
before = files()
train = stage_of(diff("HEAD"), "train")
equal([(c["name"], c["old"], c["new"]) for c in train["changes"]], [("params.yaml:train.lr", "0.25", "0.5")], "edited")
equal((train["outs"], train["undetermined"]), ([], False), "nothing was made of it yet")
contains(p.refit("diff", "HEAD").stdout, "train\n  here it would run: params.yaml:train.lr 0.25 → 0.5\n")
equal(files(), before, "a reader")
p.git("checkout", "-q", "params.yaml")
p.write("model.txt", "by hand\n")
train = stage_of(diff("HEAD"), "train")
equal([(out["path"], out["new"]["size"], out["shared_bytes"]) for out in train["outs"]],
      [("model.txt", 8, None)], "by hand")
equal(train["undetermined"], False, "that is not the stage's fault")
p.remove("model.txt")
contains(p.refit("diff", "HEAD").stdout, "out model.txt 27 bytes → nothing\n")
p.refit("run")

# A deploy that was never asked for, and a frozen stage that was never made, are no difference.
manifest = p.read("refit.yaml")
p.write("refit.yaml", manifest + "  ship:\n    kind: deploy\n    cmd: cp model.txt shipped\n    deps: [model.txt]\n"
                                 "  given:\n    frozen: true\n    cmd: 'false'\n    outs: [data.txt]\n")
equal(p.refit("diff", "HEAD", "--exit-code").stdout, "nothing differs\n", "what was built")
p.write("refit.yaml", manifest)

# Stages that come and go; one that makes something else of the same.
p.write("refit.yaml", p.read("refit.yaml") + "  dice:\n    cmd: date +%s%N > dice.txt\n    deps: [data.txt]\n"
                                             "    outs: [dice.txt]\n")
p.refit("run")
equal(stage_of(diff("HEAD"), "dice")["change"], "new", "a new stage")
contains(p.refit("diff", "HEAD", "last").stdout, "new stage dice\n  out dice.txt nothing → 20 bytes\n")
contains(p.refit("diff", "last", "HEAD").stdout, "no more stage dice\n  out dice.txt 20 bytes → nothing\n")
p.refit("run", "-B", "dice")
dice = stage_of(diff("-1", "last"), "dice")
equal((dice["undetermined"], dice["changes"], len(dice["outs"])), (True, [], 1), "the same fields, other outs")
contains(p.refit("diff", "-1").stdout, "dice\n  made from the same, and yet different: it is not deterministic")

# Words that name nothing.
equal(p.refit("diff", "parametr", exit=2).stderr.count("\n"), 1, "one line")
contains(p.refit("diff", "parametr", exit=2).stderr, "`parametr` is neither a run (the history has no run `parametr`",
         "nor a revision (git knows no revision `parametr`", "did you mean `parameter`?")
contains(p.refit("diff", "-70", exit=2).stderr, "the history has 8 runs")
contains(p.refit("diff", "first", runs[0][:5], exit=2).stderr, f"`{runs[0][:5]}` could be ")
contains(p.refit("diff", exit=2).stderr, "refit diff")
p.git("checkout", "-q", "--orphan", "bare")
p.git("rm", "-q", "-f", "--cached", "refit.lock")
p.git("commit", "-q", "-m", "without")
contains(p.refit("diff", "bare", exit=2).stderr, "bare has no refit.lock, so nothing says what was built then")

# Where there is neither a repository nor a run.
alone = pipeline(p.sibling("alone"))
contains(alone.refit("diff", "HEAD", exit=2).stderr, "`HEAD` is neither a run (no run is recorded here yet",
         "is in no git repository, so there are no revisions of it)\n")
contains(alone.refit("diff", ".").stdout, "nothing differs\n")

# A manifest that is broken keeps nobody from comparing past builds.
p.write("refit.yaml", "stages: [\n")
broken = p.refit("diff", "first", "several", "--json")
equal(broken.json["stages"], [{**stage_of({"stages": stages}, name), "metrics": []} for name in
                              ("evaluate", "split", "train")], "the manifest says what is a metric, and the order")
contains(broken.stderr, "warning: the manifest cannot be read", "refit.yaml:2:1")
expect(any(stage["metrics"] for stage in diff("-7", "-3")["stages"]), "the history knows it, too")
contains(p.refit("diff", "first", exit=2).stderr, "refit.yaml:2:1")
