"""A small text that comes to many stages is kept as it was loaded, and loaded anew when a file of it has changed."""
# tags: plain
from harness import Project, contains, equal

p = Project("""\
    vars: [sizes.json]
    stages:
      s:
        matrix: {a: "${sizes}", b: "${sizes}"}
        cmd: mkdir -p o && echo ${item.a} ${word} > o/${key}
        outs: ['o/${key}']
    """)
p.write("sizes.json", "[" + ",".join(map(str, range(20))) + "]")
contains(p.refit("status", exit=2).stderr, "sizes.json: a file of variables must be a map")
p.write("sizes.json", '{"sizes": [' + ",".join(map(str, range(20))) + "]}")
p.write("params.yaml", "word: x\n")
p.run(ran=400)
p.run(fresh=400)
equal(p.grep("o/19-19").count("refit.lock"), 1, "the lock names the last")
p.write("params.yaml", "word: x\nanother: 1\n")
p.run(fresh=400)
p.write("params.yaml", "word: y\n")
equal(len(p.run("s@3-*", ran=20).started), 20, "a changed value is seen")
p.write("params.yaml", "word: x\n")
p.run(fresh=380, restored=20)
p.remove("params.yaml")
contains(p.refit("run", exit=2).stderr, "refit.yaml:5:39: no variable is called `word` in stage `s@0-0`")
p.write("params.yaml", "word: x\n")
p.run(fresh=400)
p.replace("sizes.json", "[0,", "[")
equal(len(p.refit("graph", "--json").json["stages"]), 361, "fewer")
p.run(fresh=361)
