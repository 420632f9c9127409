"""`restore` brings back what stages declare, whatever else a refit.lock from elsewhere names."""
from harness import contains, equal, pipeline

p = pipeline()
p.run(ran=3)
lock = p.read("refit.lock")
p.write("mine.txt", "mine\n")
p.write("refit.lock", lock.replace("model.txt: \"file", "mine.txt: \"file"))
p.refit("restore")
equal(p.read("mine.txt"), "mine\n", "a file that no stage makes")
contains(p.refit("restore", "mine.txt", exit=2).stderr, "mine.txt")
equal(p.read("mine.txt"), "mine\n", "a file that no stage makes")
