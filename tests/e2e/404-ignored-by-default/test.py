"""__pycache__, *.pyc, .ipynb_checkpoints, .git, .refit and refit.lock never count in a directory dep."""
from harness import Project

p = Project("""\
    stages:
      list:
        cmd: ls src > list.txt
        deps: [src]
        outs: [list.txt]
    """)
p.write("src/a.py", "a")
p.run(ran=1)
for name in ("__pycache__/a.cpython-311.pyc", "deep/__pycache__/x", "b.pyc", ".ipynb_checkpoints/n.ipynb", ".git/HEAD",
             ".refit/x", "refit.lock"):
    p.write(f"src/{name}", "ignored")
    p.run(fresh=1)
p.write("src/c.txt", "counts")
p.run(ran=1)
