"""`metrics` shows the metrics of JSON and YAML files, nested ones by dotted names."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      a:
        cmd: "echo '{\\"acc\\": 0.5, \\"by\\": {\\"cat\\": 1, \\"dog\\": 2.25}}' > a.json"
        metrics: [a.json]
      b:
        cmd: "echo 'loss: 0.125' > b.yaml"
        metrics: [{b.yaml: {cache: false}}]
        outs: [b.txt]
    """)
p.replace("refit.yaml", "b.yaml\"", "b.yaml; touch b.txt\"")
p.run(ran=2)
found = {(m["stage"], m["path"]): m["values"] for m in p.refit("metrics", "--json").json["metrics"]}
equal(found, {("a", "a.json"): {"acc": 0.5, "by.cat": 1, "by.dog": 2.25}, ("b", "b.yaml"): {"loss": 0.125}}, "metrics")
contains(p.refit("metrics").stdout, "acc", "0.5", "by.dog", "2.25", "loss", "0.125")
equal([m["stage"] for m in p.refit("metrics", "--json", "b").json["metrics"]], ["b"], "of one stage")
