"""notebook.run executes a notebook with papermill or nbconvert; the same outputs are the same bytes."""
# tags: venv
import json

from harness import contains, equal, expect, Project, venv

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def cell(number, source, *tags):
    return {"cell_type": "code", "id": f"c{number}", "metadata": {"tags": list(tags)}, "execution_count": None,
            "outputs": [], "source": source}


def outputs(path):
    """The text of each cell that put some out."""
    book = json.loads(p.read(path))
    return ["".join(output.get("text", [])) for each in book["cells"] for output in each.get("outputs", [])]


p = Project(f"""\
    stages:
      with_papermill:
        use: notebook.run
        with: {{notebook: count.ipynb, out: work/papermill.ipynb, params: {{rows: 2}}, deps: [all.csv],
               outs: [some.txt], python: {venv()}}}
      with_nbconvert:
        use: notebook.run
        with: {{notebook: plain.ipynb, out: work/nbconvert.ipynb, engine: nbconvert, deps: [all.csv], python: {venv()}}}
    """)
p.write("all.csv", "1\n2\n3\n4\n")
read = "lines = open('all.csv').read().split()[:rows]\nprint(len(lines))"
p.write("count.ipynb", json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": KERNEL}, "cells": [
    cell(1, "rows = 3", "parameters"), cell(2, read), cell(3, "open('some.txt', 'w').write(' '.join(lines));")]}))
p.write("plain.ipynb", json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": KERNEL}, "cells": [
    cell(1, "rows = 3"), cell(2, read)]}))
p.run("-j1", ran=2)
equal((outputs("work/papermill.ipynb"), outputs("work/nbconvert.ipynb")), (["2\n"], ["3\n"]), "what the cells put out")
equal(p.read("some.txt"), "1 2", "what the notebook wrote")
p.run(fresh=2)
before = p.bytes("work/papermill.ipynb")
p.run("-B", "-j1", ran=2)
equal(p.bytes("work/papermill.ipynb"), before, "the notebook, executed at another time")
p.replace("refit.yaml", "rows: 2", "rows: 4")
p.run(ran=1, fresh=1)
equal(outputs("work/papermill.ipynb"), ["4\n"], "with another parameter")

# A cell that fails fails the stage; what cannot be is said.
p.write("count.ipynb", p.read("count.ipynb").replace("print(len(lines))", "print(1 // 0)"))
p.run(failed=1, fresh=1, exit=1)
contains(p.refit("logs", "with_papermill").stdout, "ZeroDivisionError")
p.replace("refit.yaml", "engine: nbconvert", "engine: nbconvert, params: {rows: 1}")
p.run("with_nbconvert", failed=1, exit=1)
contains(p.refit("logs", "with_nbconvert").stdout, "nbconvert cannot give a notebook parameters")
expect("rows = 3" in p.read("plain.ipynb"), "the notebook itself is left alone")
