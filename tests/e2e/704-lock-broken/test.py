"""A refit.lock that is malformed, or in the middle of a merge, is an error with its line, not a guess."""
from harness import contains, equal, pipeline

p = pipeline()
p.run(ran=3)
text = p.read("refit.lock")
lines = text.splitlines()
at = len(lines) // 2
p.write("refit.lock", "\n".join([*lines[:at], "<<<<<<< HEAD", lines[at], "=======", lines[at], ">>>>>>> other",
                                 *lines[at + 1:]]) + "\n")
p.remove("model.txt")
contains(p.refit("restore", exit=2).stderr, f"refit.lock:{at + 1}", "merge")
p.write("refit.lock", "stages: [this, is, none]\n")
contains(p.refit("restore", exit=2).stderr, "refit.lock:1")
p.write("refit.lock", text)
p.refit("restore")
equal(p.exists("model.txt"), True, "restored")
