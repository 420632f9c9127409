"""Exit: 0 done, 1 a stage failed, 2 usage or manifest, 5 store or lock; of several the first of 130, 5, 2, 1."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      ok:
        cmd: echo ok > ok.txt
        outs: [ok.txt]
      bad:
        cmd: exit 1
        outs: [bad.txt]
      param:
        cmd: echo p > p.txt
        params: [{gen.yaml: [x]}]
        outs: [p.txt]
      gen:
        cmd: "echo 'y: 1' > gen.yaml"
        outs: [gen.yaml]
    """)
p.refit("run", "ok", exit=0)
p.refit("run", "bad", exit=1)
p.refit("run", "bad", "param", "-k0", exit=2)
p.refit("run", "-k0", exit=2)
contains(p.refit("run", "--nonsense", exit=2).stderr, "refit: ", "--nonsense")
contains(p.refit("run", "--forse", exit=2).stderr, "--forse", "--force")
p.refit("run", "-j0", exit=2)
p.refit("run", "-jx", exit=2)
p.refit("-C", "nowhere", "run", exit=2)
p.refit("-f", "nowhere.yaml", "run", exit=2)
empty = p.sibling("empty")
contains(empty.refit("run", exit=2).stderr, "refit.yaml", "refit init")
p.refit("run", "ok", env={"REFIT_JOBS": "many"}, exit=2)
equal(p.refit("--version").stdout.startswith("refit "), True, "--version")
p.refit("run", "-B", "ok", env={"REFIT_STORE": "/dev/null/store"}, exit=5)
