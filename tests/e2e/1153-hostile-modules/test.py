"""Python that refit runs for itself does not import modules of the project, nor what PYTHON* variables name."""
from harness import Project, equal

p = Project("""\
    stages:
      s:
        cmd: cp in.txt out.txt
        deps: [in.txt]
        params: [{conf.py: [LR], conf.toml: [lr]}]
        outs: [out.txt]
    """)
p.write("in.txt", "1\n")
p.write("conf.py", "LR = 0.1\n")
p.write("conf.toml", "lr = 0.1\n")
HOSTILE = "open('PWNED', 'a').write(__name__)\nraise SystemExit(7)\n"
for name in ("ast", "json", "tomllib", "tomli", "sys", "os", "sitecustomize", "usercustomize", "encodings", "conf"):
    if name != "conf":
        p.write(f"{name}.py", HOSTILE)
    p.write(f"evil/{name}.py", HOSTILE)
p.write("start.py", HOSTILE)
env = {"PYTHONPATH": str(p.path("evil")), "PYTHONSTARTUP": str(p.path("start.py")), "PYTHONHOME": "",
       "PYTHONUSERBASE": str(p.path("evil"))}
result = p.refit("run", "--json", env=env)
equal(result.states, {"s": "ran"}, "the run")
p.refit("status", env=env)
p.refit("why", "s", env=env)
p.write("conf.py", "LR = 0.2\n")
equal(p.refit("run", "--json", env=env).reasons["s"], "conf.py:LR 0.1 → 0.2", "the reason")
equal(p.exists("PWNED"), False, "a module of the project was imported")
