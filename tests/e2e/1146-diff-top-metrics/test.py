"""Metrics of the top level are compared: an out, a file in a folder that is one, and a file that no stage makes."""
from harness import contains, equal, Project

p = Project("""\
    metrics: [plain.json, reports/deep/m.json, hand.yaml, first.txt]
    stages:
      s:
        cmd: mkdir -p reports/deep && cp in.json plain.json && cp in.json reports/deep/m.json
        deps: [in.json]
        outs: [plain.json, reports]
    """)
p.git("init", "-q", "-b", "main")
p.write(".gitignore", ".refit/\nreports\nplain.json\n")


def build(name, value, hand):
    p.write("in.json", f'{{"acc": {value}}}\n')
    if hand:
        p.write("hand.yaml", hand)
    p.run(ran=1)
    p.git("add", "-A")
    p.git("commit", "-q", "-m", name)
    p.git("tag", name)


def differences(*sides):
    return {(m["path"], m["name"]): (m["old"], m["new"], m["fault"])
            for m in p.refit("metrics", "diff", *sides, "--json").json["metrics"]}


build("one", 0.5, "human: {score: 3}\nnote: x\n")
build("two", 0.75, "human: {score: 4}\nnote: x\n")
made = {("plain.json", "acc"): (0.5, 0.75, ""), ("reports/deep/m.json", "acc"): (0.5, 0.75, "")}
hand = {("hand.yaml", "human.score"): (3, 4, "")}
equal(differences("one", "two"), made | hand, "of revisions")
equal(differences("one"), made | hand, "of the workspace")
equal(differences("two", "."), {}, "of the commit that is here")
runs = differences("-1", "last")
equal({key: value for key, value in runs.items() if key[0] in ("plain.json", "reports/deep/m.json")}, made, "of runs")
contains(runs["hand.yaml", ""][2], "no stage makes it")
text = p.refit("diff", "one", "two").stdout
contains(text, "metrics of no stage\n", "reports/deep/m.json  acc", "hand.yaml            human.score  3 → 4")
contains(p.refit("history", "--metric", "plain.json:acc").stdout, "0.75")

# It comes and goes, and is broken.
p.write("first.txt", "12\nmore\n")
equal(differences("two"), {("first.txt", "value"): (None, "12", "")}, "a new one")
p.remove("first.txt", "hand.yaml")
equal(differences("two"), {("hand.yaml", "human.score"): (4, None, ""), ("hand.yaml", "note"): ("x", None, "")}, "gone")
p.write("hand.yaml", "a: [\n")
contains(differences("two")["hand.yaml", ""][2], "that of workspace cannot be read")

# Past builds that gc took: the folder is not known any more, and that is said.
p.git("checkout", "-q", "hand.yaml")
p.remove(".refit/store")
p.run(fresh=1)
contains(differences("one", "two")["reports/deep/m.json", ""][2], "that of one is neither in the store nor here")
