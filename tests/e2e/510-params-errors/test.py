"""A parameter that is not there is an error, with the place in the manifest and the nearest one that is."""
from harness import contains, pipeline

p = pipeline()
p.replace("refit.yaml", "params: [train.lr]", "params: [train.rl]")
contains(p.refit("run", "-k0", exit=2).text, "refit.yaml:12:", "train.rl", "train.lr")
p.replace("refit.yaml", "params: [train.rl]", "params: [train.lr]")
p.write("params.yaml", "split: {rows: 3\ntrain: 4\n")
contains(p.refit("run", "-k0", exit=2).text, "params.yaml")
p.remove("params.yaml")
contains(p.refit("run", "-k0", exit=2).text, "params.yaml")
