"""Without the store what is on disk is not lost: it is kept, and what has to be built again is."""
from harness import equal, pipeline

p = pipeline()
p.run(ran=3)
p.remove(".refit/store")
result = p.refit("run", "--json")
equal(result.counts["failed"], 0, "failures")
equal(p.read("model.txt"), "lr 0.1\none\ntwo\nthree\n", "the model")
p.remove("model.txt")
p.refit("run")
equal(p.read("model.txt"), "lr 0.1\none\ntwo\nthree\n", "the model, built again")
p.run(fresh=3)
