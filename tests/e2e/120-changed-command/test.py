"""The command, the shell and the working directory are part of the key; the stage's name and description are not."""
from harness import equal, pipeline

p = pipeline()
p.run(ran=3)
p.replace("refit.yaml", "cmd: sh split.sh", "cmd: sh -e split.sh")
equal(p.run(ran=1, fresh=2).started, ["split"], "a changed command")
p.replace("refit.yaml", "cmd: sh -e split.sh", "cmd: sh -e split.sh\n    desc: splits\n    meta: {owner: me}")
p.run(fresh=3)
p.replace("refit.yaml", "    desc: splits", "    shell: bash")
equal(p.run(ran=1, fresh=2).started, ["split"], "a changed shell")
p.replace("refit.yaml", "  split:\n", "  divide:\n")
p.run(fresh=3)
