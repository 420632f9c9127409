"""`graph` gives the stages and their edges as text, dot, mermaid and JSON."""
from harness import contains, equal, pipeline

p = pipeline()
graph = p.refit("graph", "--json").json
equal([s["name"] for s in graph["stages"]], ["split", "train", "evaluate"], "stages")
equal(sorted(map(tuple, graph["edges"])), [("split", "evaluate"), ("split", "train"), ("train", "evaluate")], "edges")
train = graph["stages"][1]
equal((train["kind"], train["cmd"], sorted(train["deps"]), train["outs"], train["params"]),
      ("model", ["sh train.sh"], ["train.sh", "work/train.txt"], ["model.txt"], {"params.yaml": ["train.lr"]}), "train")
equal(graph["stages"][2]["metrics"], ["metrics.json"], "metrics")
contains(p.refit("graph", "--dot").stdout, "digraph", "split", "->", "}")
contains(p.refit("graph", "--mermaid").stdout, "-->")
contains(p.refit("graph").stdout, "split")
equal([s["name"] for s in p.refit("graph", "--json", "train").json["stages"]], ["split", "train"], "of a target")
