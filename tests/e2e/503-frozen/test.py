"""`frozen`: the outs are sources. Nothing above them matters, whatever is on disk counts."""
from harness import equal, pipeline

p = pipeline()
p.run(ran=3)
p.replace("refit.yaml", "outs: [model.txt]", "outs: [model.txt]\n    frozen: true")
p.run(fresh=3)
p.write("data.txt", "completely\nother\ndata\nhere\n")
p.replace("params.yaml", "lr: 0.1", "lr: 0.7")
result = p.run("train", fresh=1)
equal(result.started, [], "frozen cuts what is above")
equal(p.run(ran=2, fresh=1).started, ["split", "evaluate"], "the others run")
p.write("model.txt", "made elsewhere\n")
equal(p.run(fresh=2, ran=1).started, ["evaluate"], "an edited out of a frozen stage is taken as it is")
equal(p.read("model.txt"), "made elsewhere\n", "the out")
