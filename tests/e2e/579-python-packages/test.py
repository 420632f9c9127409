"""A package that is upgraded is a change for every rule that runs Python; so is another interpreter."""
import re
import subprocess
import sys

from harness import contains, equal, ROOT, Project

p = Project("""\
    stages:
      make:
        use: python.script
        with: {script: make.py, outs: [out.txt], python: env/bin/python}
      plain:
        cmd: cp make.py plain.txt
        deps: [make.py]
        outs: [plain.txt]
    """)
p.write("make.py", "open('out.txt', 'w').write('x')\n")
subprocess.run([sys.executable, "-m", "venv", "--without-pip", p.path("env")], check=True)
site = next(p.path("env").glob("lib/python*/site-packages"))


def install(version):
    for old in site.glob("thing-*.dist-info"):
        p.remove(old)
    p.write(site / f"thing-{version}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: thing\nVersion: {version}\n")


install("1.0")
p.run(ran=2)
p.run(fresh=2)
install("1.1")
answer = p.run(ran=1, fresh=1)
equal(answer.started, ["make"], "stages that ran")
contains(answer.start_reason("make"), "packages")
install("1.0")
p.run(fresh=2)
p.replace("refit.yaml", "env/bin/python", sys.executable)
p.run(ran=1, fresh=1)

# The rules share the words with which they ask, so that one run asks once; and so they do with their other code.
rules = {path.stem: path.read_text() for path in (ROOT / "rules").glob("*.yaml")}


def same(pattern, *names):
    found = {name: re.search(pattern, rules[name], re.DOTALL | re.MULTILINE).group(0) for name in names}
    equal({name: found[names[0]] for name in names}, found, "what the rules have in common")


same(r"^  tools:\n    - >-\n(      .*\n)+", "python.script", "python.test", "sklearn.train", "notebook.run")
same(r"^      exec \$\{python\} -c '\n.*?^      ' ", "python.script", "python.test")
same(r"^      def rows.*?(?=^      data, )", "data.split", "data.sample")
