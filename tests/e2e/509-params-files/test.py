"""Parameter files: keys and groups of YAML and JSON, or the whole file of any kind."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      a:
        cmd: echo a > a.txt
        params: [model, {conf.json: [deep.er.key, "list"]}]
        outs: [a.txt]
      b:
        cmd: echo b > b.txt
        params: [{conf.json: null}]
        outs: [b.txt]
      c:
        cmd: echo c > c.txt
        params: [{settings.ini: null}]
        outs: [c.txt]
    """)
p.write("params.yaml", "model: {layers: 3, width: 1.5}\nother: 1\n")
p.write("conf.json", '{"deep": {"er": {"key": true}}, "list": [1, 2], "unused": null}')
p.write("settings.ini", "[a]\nb=1\n")
p.run(ran=3)
# How it is written does not matter, but to who takes the whole file of a kind that refit does not read.
p.write("params.yaml", "# comment\nother: 2\nmodel:\n  width: 1.50\n  layers: 3\n")
p.write("conf.json", '{ "unused": null, "list": [1,2], "deep": {"er": {"key": true}} }')
p.run(fresh=3)
p.write("conf.json", '{"deep": {"er": {"key": true}}, "list": [1, 2], "unused": 5}')
equal(p.run(ran=1, fresh=2).started, ["b"], "the whole file")
p.write("conf.json", '{"deep": {"er": {"key": false}}, "list": [1, 2], "unused": 5}')
result = p.run(ran=2, fresh=1)
contains(result.start_reason("a"), "conf.json:deep.er.key", "true", "false")
p.write("settings.ini", "[a]\nb=2\n")
equal(p.run(ran=1, fresh=2).started, ["c"], "a file of another kind")
# Types count: 3 is not "3".
p.write("params.yaml", 'model: {layers: "3", width: 1.5}\n')
equal(p.run(ran=1, fresh=2).started, ["a"], "a string instead of a number")
