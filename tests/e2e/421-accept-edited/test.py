"""`accept` refuses outs that are no longer what the command left."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      train:
        cmd: cp in.txt model.txt; echo new > in.txt
        deps: [in.txt]
        outs: [model.txt]
    """)
p.write("in.txt", "old\n")
p.run(failed=1, exit=1)
p.write("model.txt", "edited since\n")
contains(p.refit("accept", "train", exit=2).stderr, "train")
equal(p.store_stats()["records"], 0, "records")
p.write("model.txt", "old\n")
p.refit("accept", "train")
equal(p.store_stats()["records"], 1, "records")
