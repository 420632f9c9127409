"""There is one terminal: stages with `console: true` run one after another, beside others."""
from harness import Project

p = Project("stages:\n" + "".join(f"""\
  talk{i}:
    console: true
    cmd: mkdir talking && sleep 0.05 && rmdir talking && echo {i} > talk{i}.txt
    outs: [talk{i}.txt]
  work{i}:
    cmd: echo {i} > work{i}.txt
    outs: [work{i}.txt]
""" for i in range(5)))
p.run("-j8", ran=10)
