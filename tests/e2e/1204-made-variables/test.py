"""What stages make cannot decide which stages there are: files of variables that a stage makes are refused."""
from harness import Project, contains

p = Project("""\
    vars:
    - made/vars.yaml
    stages:
      make: {cmd: mkdir -p made, outs: [made]}
      use: {cmd: "echo ${x}"}
    """)
p.write("made/vars.yaml", "x: 1\n")
contains(p.refit("run", exit=2).stderr, "refit.yaml:2:3: `made/vars.yaml` is made by stage `make`, but this file is")
contains(p.refit("status", exit=2).stderr, "made/vars.yaml")
p.replace("refit.yaml", "outs: [made]", "outs: [made], frozen: true")
p.refit("graph")

# By itself too, whether it is there or not; without a template it is a file like any other.
p.manifest("""\
    stages:
      make: {cmd: "echo 'x: 1' > params.yaml", outs: [params.yaml]}
      use: {cmd: "echo ${y}", vars: [{y: 1}]}
    """)
contains(p.refit("run", exit=2).stderr, "refit.yaml: `params.yaml` is made by stage `make`")
p.replace("refit.yaml", 'use: {cmd: "echo ${y}", vars: [{y: 1}]}', "use: {cmd: echo, params: [x]}")
p.run(ran=2)
p.manifest("vars: [v]\nstages: {}\n")
p.write("v/x", "")
contains(p.refit("run", exit=2).stderr, "refit.yaml:1:8: ")
