"""An out of a hundred thousand files: stored, left alone, mended and restored as a whole."""
# tags: plain
from faults import room  # where memory has room: a disk would be measured, and not refit
from harness import equal, Project

FOLDERS, FILES = 200, 500
p = Project("""\
    stages:
      many:
        cmd: python3 make.py
        deps: [make.py]
        outs: [many]
    """, base=room())
p.write("make.py", f"""\
import os
for folder in range({FOLDERS}):
    os.makedirs(f"many/{{folder}}")
    for file in range({FILES}):
        with open(f"many/{{folder}}/{{file}}", "w") as out:
            out.write(f"{{folder}} {{file}}\\n")
""")


def count():
    return sum(len(list(folder.iterdir())) for folder in p.path("many").iterdir())


p.run(ran=1)
equal(count(), FOLDERS * FILES, "files")
p.run(fresh=1)
p.write("many/100/250", "edited\n")
p.remove("many/7/7")
p.write("many/3/more", "not of the stage\n")
p.run(restored=1)
equal((p.read("many/100/250"), p.read("many/7/7")), ("100 250\n", "7 7\n"), "what was mended")
equal(count(), FOLDERS * FILES, "files")
p.run(fresh=1)
p.remove("many")
p.run(restored=1)
equal((count(), p.read("many/199/499")), (FOLDERS * FILES, "199 499\n"), "files, and the last")
