"""What is wrong with a .toml or .py file, or with the Python that reads it, is one line."""
import os

from harness import contains, equal, Project

p = Project("""\
    stages:
      a:
        cmd: echo a > a.txt
        params: [{conf.toml: [model.lr]}]
        outs: [a.txt]
    """)


def fault(*parts, exit=2):
    text = p.refit("run", exit=exit).text
    contains(text, *parts)
    equal(sum("conf" in line or "python3" in line for line in text.splitlines()), 1, f"lines that say so in {text}")


p.write("conf.toml", "[model]\nlr = = 3\n")
fault("conf.toml:2:6: Invalid value")
p.write("conf.toml", "[model]\nlr = [1,\n")
fault("conf.toml:3:1: Invalid value")
p.write("conf.toml", b"a = '\xff'\n")
fault("conf.toml: it is not UTF-8")
p.write("conf.toml", "[model]\nrl = 3\n")
fault("refit.yaml:4:", "conf.toml has no key `model.lr`; did you mean `model.rl`?")
p.replace("refit.yaml", "conf.toml: [model.lr]", "conf.py: [layers.3]")
fault("refit.yaml:4:", "conf.py does not exist")
p.write("conf.py", "a = 1\nb = (\n")
fault("conf.py:2:5: ")
p.write("conf.py", "a = 1\0\n")
fault("conf.py: ")
p.write("conf.py", "a = " + "-" * 100000 + "1\n")
fault("conf.py: ")
p.write("conf.py", "layers = [1, 2]\n")
fault("refit.yaml:4:", "conf.py has no key `layers.3`")
p.write("conf.py", "layers = [1, 2, 3, 4]\n")
p.write("bin/python3", "#!/bin/sh\necho a first line >&2\necho no such thing >&2\nexit 3\n", executable=True)
p.environment["PATH"] = f"{p.root}/bin:/usr/bin:/bin"
fault("conf.py: python3 could not read it: no such thing")
p.remove("bin/python3")
p.environment["PATH"] = f"{p.root}/bin"
fault("conf.py: python3, which reads .toml and .py files, is not in PATH; install it")
p.environment["PATH"] = os.environ["PATH"]
p.run(ran=1)
