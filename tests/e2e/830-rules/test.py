"""`refit rules` lists the rules that stages can use, and shows one with its arguments and an example of its use."""
from harness import contains, equal, Project

RULE = """\
desc: count the words of a text
args:
  text: {type: path, desc: what to count, required: true}
  style: {type: string, desc: how, default: words, choices: [words, lines]}
example: {text: a book.txt}
stage:
  cmd: wc ${--files0-from style} < ${text} > count.txt
  deps: ["${text}"]
  outs: [count.txt]
"""

p = Project()
shipped = p.refit("rules").stdout
for name in "c.program data.download data.sample data.split deploy.release notebook.run python.script".split():
    contains(shipped, name, "refit")
for line in shipped.splitlines():
    one = p.refit("rules", line.split()[0]).stdout
    contains(one, "shipped with refit", "Arguments:", "Example:", "That is:", "cmd:")

p.write("rules/count.yaml", RULE)
p.write("rules/data.split.yaml", RULE.replace("words of", "letters of"))
p.write("rules/README.md", "not a rule")
listed = p.refit("rules", "--json").json["rules"]
equal([(each["name"], each["from"], each["desc"], each.get("file")) for each in listed[:2]],
      [("count", "project", "count the words of a text", "rules/count.yaml"),
       ("data.split", "project", "count the letters of a text", "rules/data.split.yaml")], "the project's own, first")
equal([each["name"] for each in listed].count("data.split"), 1, "what the project has of its own")
equal(p.refit("rules", "--names").stdout.split(), [each["name"] for each in listed], "names")
p.refit("rules", "--names", "--json", exit=2)

equal(p.refit("rules", "count").stdout, """\
count: count the words of a text
of this project: rules/count.yaml

Arguments:
  text   path    required                               what to count
  style  string  default: "words"; one of words, lines  how

Example:
  use: count
  with:
    text: "a book.txt"

That is:
  cmd: ["wc --files0-from words < 'a book.txt' > count.txt"]
  deps: ["a book.txt"]
  outs: [count.txt]
""", "one rule")
one = p.refit("rules", "count", "--json").json
equal(one["arguments"], [
    {"name": "text", "type": "path", "desc": "what to count", "required": True},
    {"name": "style", "type": "string", "desc": "how", "required": False, "default": "words",
     "choices": ["words", "lines"]}], "arguments")
equal((one["example"], one["expansion"]["deps"]), ({"text": "a book.txt"}, ["a book.txt"]), "the example")

contains(p.refit("rules", "cuont", exit=2).stderr, "no rule is called `cuont`; did you mean `count`?")
p.write("rules/count.yaml", RULE.replace("outs:", "out:"))
contains(p.refit("rules", "count", exit=2).stderr, "rules/count.yaml:9:3: unknown key `out`", "did you mean `outs`?")

# From a folder below, and of a project that is elsewhere.
p.write("rules/count.yaml", RULE)
p.manifest("stages: {s: {use: count, with: {text: a}}}")
p.path("below").mkdir()
equal(p.refit("rules", "--names", cwd=p.path("below")).stdout.split()[0], "count", "the first name")
equal(p.refit("-C", str(p.root), "rules", "--names", cwd="/").stdout.split()[0], "count", "the first name")
before = p.snapshot()
p.refit("rules")
equal(p.snapshot(), before, "the project")
equal(p.refit("graph", "--json").json["stages"][0]["rule"], "count", "what the graph says")
