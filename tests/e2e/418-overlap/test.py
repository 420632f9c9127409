"""A directory dep depends on every stage with an out below it; a dep inside a directory out, on the stage that makes
that."""
from harness import equal, Project

p = Project("""\
    stages:
      count:
        cmd: ls data/parts | wc -l > count.txt
        deps: [data]
        outs: [count.txt]
      one:
        cmd: echo 1 > data/parts/1
        outs: [data/parts/1]
      two:
        cmd: echo 2 > data/parts/2
        outs: [data/parts/2]
      tree:
        cmd: mkdir -p tree/deep; echo leaf > tree/deep/leaf; echo other > tree/other
        outs: [tree]
      leaf:
        cmd: cp tree/deep/leaf leaf.txt
        deps: [tree/deep/leaf]
        outs: [leaf.txt]
    """)
result = p.run("-j1", ran=5)
equal(int(p.read("count.txt")), 2, "the count was made last")
edges = {tuple(edge) for edge in p.refit("graph", "--json").json["edges"]}
equal(edges, {("one", "count"), ("two", "count"), ("tree", "leaf")}, "edges")
p.run(fresh=5)
p.replace("refit.yaml", "echo other >", "echo another >")
equal(p.run(ran=1, fresh=4).started, ["tree"], "what the dep is not in does not matter")
