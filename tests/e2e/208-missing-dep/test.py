"""A dep that nobody makes and that is not there fails its stage, with its name; nothing is executed."""
from harness import contains, equal, pipeline

p = pipeline()
p.remove("data.txt")
result = p.run(failed=1, skipped=2, exit=1)
equal(result.started, [], "commands started")
contains(result.reasons["split"], "data.txt")
plain = p.refit("run", exit=1)
contains(plain.text, "split", "data.txt")
