"""python.script finds the project's modules that a script imports, and runs it as Python itself would."""
import subprocess
import sys

from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      make:
        use: python.script
        with: {script: src/make.py, args: [a b, 2], outs: [out.txt]}
    """)
p.write("src/make.py", """\
import sys
import helper
from package import part
import names.inside
import importlib
if "late" in helper.WORDS:
    importlib.import_module("late")
import json, atexit
atexit.register(lambda: importlib.import_module("last"))
with open("out.txt", "w") as file:
    json.dump([sys.argv, __name__, __file__, sys.path[0], part.VALUE, names.inside.VALUE], file)
""")
p.write("src/helper.py", "WORDS = ['late']\nimport deeper.er\n")
p.write("src/deeper/__init__.py")
p.write("src/deeper/er.py")
p.write("src/package/__init__.py")
p.write("src/package/part.py", "VALUE = 1\n")
p.write("src/package/other.py", "VALUE = 1\n")
p.write("src/names/inside.py", "VALUE = 2\n")  # a namespace package
p.write("src/late.py")
p.write("src/last.py")
p.write("src/odd name#1$.py")
environment = {"PYTHONDONTWRITEBYTECODE": None}  # so that there is __pycache__


def run(**counts):
    return p.run(env=environment, **counts)


run(ran=1)
result = p.read("out.txt")
root = str(p.root)
equal(result, f'[["src/make.py", "a b", "2"], "__main__", "{root}/src/make.py", "{root}/src", 1, 2]', "what it saw")
expect(p.exists("src/__pycache__"), "Python keeps compiled modules")
run(fresh=1)
listed = p.read(".refit/found/make.d")
equal(sorted(listed.replace("\\\n", "").split()[1:]),
      sorted(f"{root}/src/{name}" for name in ("helper.py", "deeper/__init__.py", "deeper/er.py", "package/__init__.py",
                                               "package/part.py", "names/inside.py", "late.py", "last.py", "make.py")),
      "modules")

# Each of them decides; what is not imported does not, nor what Python compiled.
for name in ("helper.py", "deeper/er.py", "deeper/__init__.py", "names/inside.py", "late.py", "last.py"):
    p.write(f"src/{name}", p.read(f"src/{name}") + "# more\n")
    run(ran=1)
    run(fresh=1)
p.write("src/package/other.py", "VALUE = 3\n")
p.remove("src/__pycache__")
run(fresh=1)
contains(str(p.why("make")), "fresh")
p.replace("src/helper.py", "['late']", "[]")
run(ran=1)
p.write("src/late.py", "# unused now\n")
run(fresh=1)
p.replace("src/helper.py", "[]", "['late']")
p.write("src/late.py", "# more\n")
run(fresh=1)  # as it was before

# What was restored needs no run to know its modules.
p.remove("out.txt", ".refit/found/make.d")
run(restored=1)

# Names that Make and shells have a use for.
p.write("src/helper.py", "import importlib\nWORDS = []\nimportlib.import_module('odd name#1$')\n")
run(ran=1)
p.write("src/odd name#1$.py", "# more\n")
run(ran=1)
run(fresh=1)

# Exit statuses, exceptions and signals are those of the script.
for text, code, said in (("import sys\nsys.exit(7)\n", 7, ""), ("import sys\nsys.exit('no')\n", 1, "no\n"),
                         ("def f():\n    raise ValueError('bad')\nf()\n", 1, "ValueError: bad\n"),
                         ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n", None, ""),
                         ("x = (\n", 1, "SyntaxError")):
    p.write("src/make.py", text)
    answer = run(failed=1, exit=1)
    finished = answer.of("stage_finished")[0]
    equal(finished["exit_code"], code, f"exit status of {text!r}")
    contains(p.refit("logs", "make").stdout, said)
p.write("src/make.py", "def f():\n    raise ValueError('bad')\nf()\n")
run(failed=1, exit=1)
contains(p.refit("logs", "make").stdout, f'File "{root}/src/make.py", line 3, in <module>', "line 2, in f")

# Processes of its own: pools find the functions of the script, and a child that ends lists nothing.
p.write("src/make.py", """\
import multiprocessing, os, sys
import helper

def square(n):
    return n * n

if __name__ == "__main__":
    if os.fork() == 0:
        sys.exit(0)
    os.wait()
    import late
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        open("out.txt", "w").write(str(pool.map(square, [1, 2, 3])))
""")
run(ran=1)
equal(p.read("out.txt"), "[1, 4, 9]", "what a pool gave")
p.write("src/late.py", "# and more\n")
run(ran=1)

# A module, also one that is a package; in a working directory.
p.manifest("""\
    stages:
      make:
        use: python.script
        with: {module: package.run, args: [x], outs: [out.txt]}
        wdir: src
      whole:
        use: python.script
        with: {module: package, outs: [whole.txt]}
        wdir: src
    """)
text = "import sys\nfrom . import part\nopen('%s', 'w').write(repr((sys.argv, __package__, __name__, part.VALUE)))\n"
p.write("src/package/run.py", text % "out.txt")
p.write("src/package/__main__.py", text % "whole.txt")
run(ran=2)
equal(p.read("src/out.txt"), repr(([f"{root}/src/package/run.py", "x"], "package", "__main__", 1)), "what it saw")
direct = subprocess.run([sys.executable, "-m", "package.run", "x"], cwd=p.path("src"), check=True)
equal(p.read("src/out.txt"), repr(([f"{root}/src/package/run.py", "x"], "package", "__main__", 1)), "as Python itself")
p.replace("src/package/part.py", "1", "2")
run(ran=2)
p.replace("src/package/run.py", "import sys", "import sys  # more")
run(ran=1, fresh=1)
p.replace("refit.yaml", "package.run", "package.none")
run(failed=1, fresh=1, exit=1)
contains(p.refit("logs", "make").stdout, "there is no module package.none that can be run")

# An environment inside the project is tools, not modules.
subprocess.run([sys.executable, "-m", "venv", "--without-pip", p.path("env")], check=True)
site = next(p.path("env").glob("lib/python*/site-packages"))
(site / "extra.py").write_text("VALUE = 1\n")
p.manifest("""\
    stages:
      make:
        use: python.script
        with: {script: use.py, outs: [out.txt], python: env/bin/python}
    """)
p.write("use.py", "import extra\nopen('out.txt', 'w').write(str(extra.VALUE))\n")
run(ran=1)
expect("extra.py" not in p.read(".refit/found/make.d"), "installed modules are not listed")

# A depfile has no way to write a newline: the stage fails, and says which file it is.
p.manifest(r"""
    stages:
      make:
        use: python.script
        with: {script: "in\nline.py"}
    """)
p.write("in\nline.py", "print('run')\n")
p.refit("run", exit=1)
contains(p.refit("logs", "make").stdout, r"in\nline.py' has a newline in its name, which a depfile cannot say")
