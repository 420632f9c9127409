"""A discovered input that a stage makes which is not upstream fails, with the `deps:` line to add."""
from harness import contains, equal, Project

MANIFEST = """\
    stages:
      compile:
        cmd: |
          cat main.txt gen/g.inc > out.txt; echo 'out.txt: main.txt gen/g.inc' > out.d
        deps: [{deps}]
        outs: [out.txt]
        depfile: out.d
      generate:
        cmd: echo generated > gen/g.inc
        outs: [gen/g.inc]
    """
p = Project(MANIFEST.format(deps="main.txt"))
p.write("main.txt", "main\n")
p.run("generate", ran=1)
result = p.refit("run", "--json", "compile", exit=1)
equal(result.states["compile"], "failed", "state of compile")
contains(result.text, "gen/g.inc")
contains(result.text, "deps:")
contains(result.text, "generate")
p.manifest(MANIFEST.format(deps="main.txt, gen/g.inc"))
p.run("compile", fresh=1, ran=1)
equal(p.read("out.txt"), "main\ngenerated\n", "the out")
