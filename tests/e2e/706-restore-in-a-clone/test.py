"""A fresh clone with the shared store has the outs back with one `restore`."""
from harness import equal, pipeline

a = pipeline()
a.environment["REFIT_STORE"] = str(a.base / "store")
a.run(ran=3)
b = pipeline(a.sibling("clone"))
b.write("refit.lock", a.bytes("refit.lock"))
b.refit("restore")
equal(b.bytes("model.txt"), a.bytes("model.txt"), "the model")
b.run(fresh=3)
equal(b.bytes("refit.lock"), a.bytes("refit.lock"), "refit.lock")
