"""`logs` shows what a stage's command wrote; of a restored stage, what it wrote when it ran."""
from harness import contains, equal, pipeline

p = pipeline()
p.run(ran=3)
equal(p.refit("logs", "train").stdout, "training with 0.1\n", "the log")
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
p.run(fresh=1, ran=2)
equal(p.refit("logs", "train").stdout, "training with 0.2\n", "the log")
p.replace("params.yaml", "lr: 0.2", "lr: 0.1")
p.run(fresh=1, restored=2)
equal(p.refit("logs", "train").stdout, "training with 0.1\n", "the log of the restored stage")
contains(p.refit("logs", "trian", exit=2).stderr, "trian", "train")
