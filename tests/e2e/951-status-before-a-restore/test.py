"""What a stage reads from a restored out is not known before the restore: status says `may run`, not `fresh`."""
from harness import equal, Project

p = Project("""\
    stages:
      tune:
        cmd: cp best.txt gen.yaml
        deps: [best.txt]
        outs: [gen.yaml]
      train:
        cmd: grep lr gen.yaml > model.txt
        params: [{gen.yaml: [lr]}]
        outs: [model.txt]
      compile:
        cmd: "cat gen.yaml > out.txt; echo 'out.txt: gen.yaml' > out.d"
        outs: [out.txt]
        depfile: out.d
        needs: [between]
      between:
        cmd: echo
        deps: [constant.txt]
        needs: [tune]
    """)
p.write("constant.txt", "1\n")
p.write("best.txt", "lr: 1\n")
p.run(ran=4)
p.write("best.txt", "lr: 2\n")
p.run(ran=3, fresh=1)
p.write("best.txt", "lr: 1\n")
verdicts = p.verdicts()
equal(verdicts, {"tune": "would restore", "train": "may run", "compile": "may run", "between": "fresh"}, "status")
p.run(restored=3, fresh=1)
equal(p.read("model.txt"), "lr: 1\n", "the model")
equal(p.read("out.txt"), "lr: 1\n", "the other out")
equal(set(p.verdicts().values()), {"fresh"}, "status afterwards")
