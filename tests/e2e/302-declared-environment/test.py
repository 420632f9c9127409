"""Declared environment is in the key; unset is not the same as empty."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      a:
        cmd: echo "${COLOUR-unset}" > a.txt
        env: [COLOUR]
        outs: [a.txt]
    """.replace("${", "\\${"))
p.run(env={"COLOUR": "red"}, ran=1)
equal(p.read("a.txt"), "red\n", "the out")
p.run(env={"COLOUR": "red"}, fresh=1)
result = p.run(env={"COLOUR": "blue"}, ran=1)
contains(result.start_reason("a"), "COLOUR")
p.run(env={"COLOUR": ""}, ran=1)
equal(p.read("a.txt"), "\n", "with an empty value")
p.run(ran=1)
equal(p.read("a.txt"), "unset\n", "without the variable")
p.run(env={"COLOUR": "red"}, restored=1)
verdict, changes = p.why("a", env={"COLOUR": "green"})
equal((verdict, list(changes)), ("would run", [("env", "COLOUR")]), "why")
