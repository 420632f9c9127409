"""An out that was there before refit ever ran is rescued, not deleted."""
from harness import expect, pipeline

p = pipeline()
p.write("model.txt", "from before\n")
p.write("work/train.txt", "also from before\n")
p.run(ran=3)
kept = p.grep("from before")
expect(len(kept) == 2 and all(name.startswith(".refit/rescue/") for name in kept), f"where they are: {kept}")
