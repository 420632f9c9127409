"""An approval of one model is none of another: not of other bytes, nor of the same bytes at another path."""
from approvals import Gated, sha256
from harness import equal

p = Gated()
p.approve("ana")
equal(p.judged()[0], "approved", "the model")
p.write("model.bin", "a worse model")
p.verdict()
equal((p.judged()[0], p.states()["ana"]), ("needs approval", ("void", "the model has changed")), "another model")
p.write("model.bin", "model.bin of the first day\n")
p.verdict()
equal(p.judged()[0], "approved", "the first model again")
p.write("other.bin", "model.bin of the first day\n")
p.replace("refit.yaml", "model: model.bin", "model: other.bin")
equal(p.states()["ana"], ("void", "it is for a model at another path"), "a copy")

# The model is swapped after the gate was judged.
p.replace("refit.yaml", "model: other.bin", "model: model.bin")
p.write("model.bin", "swapped")
equal(p.judged(), ("", "the verdict of gate `release` is about another content of model.bin than is there now; run the "
                   "gate again"), "a verdict about other bytes")

# A folder is a model, too: any byte, name or link in it counts.
p = Gated()
p.write("model/weights", "w")
p.replace("refit.yaml", "model: model.bin", "model: model")
p.approve("ana")
equal(p.judged()[0], "approved", "a folder")
for name, undo in (("model/more", p.remove), ("model/weights", lambda name: p.write(name, "w"))):
    p.write(name, "other")
    equal(p.states()["ana"], ("void", "the model has changed"), name)
    undo(name)
p.link("model/link", "weights")
equal(p.states()["ana"], ("void", "the model has changed"), "a link")
p.remove("model/link")
equal(p.judged()[0], "approved", "the folder again")
