"""c.program builds a program from several files, and builds it again when a header changes that they include."""
import shutil

from harness import contains, equal, Project, skip

if not shutil.which("cc"):
    skip("there is no cc")
p = Project("""\
    stages:
      program:
        use: c.program
        with: {sources: [src/main.c, src/two.c], out: bin/program, flags: [-O1, -Iinclude, '-DTEXT="a b"'], libs: [-lm]}
      output:
        cmd: bin/program > output.txt
        deps: [bin/program]
        outs: [output.txt]
    """)
p.write("src/main.c", '#include <math.h>\n#include <stdio.h>\n#include "one.h"\nint two(void);\n'
                      'int main(int n, char **v) { printf("%s %d %d %.0f\\n", TEXT, ONE, two(), sqrt(n + 8 + !v)); }\n')
p.write("src/two.c", '#include "two.h"\nint two(void);\nint two(void) { return TWO; }\n')
p.write("include/one.h", '#include "deeper.h"\n#define ONE DEEPER\n')
p.write("include/deeper.h", "#define DEEPER 1\n")
p.write("include/two.h", "#define TWO 2\n")
p.write("include/three.h", "#define THREE 3\n")
p.run(ran=2)
equal(p.read("output.txt"), "a b 1 2 3\n", "what the program says")
p.run(fresh=2)
p.write("include/three.h", "")
p.run(fresh=2)
for header, text in (("deeper.h", "#define DEEPER 5\n"), ("two.h", "#define TWO 6\n")):
    p.write(f"include/{header}", text)
    p.run(ran=2)
equal(p.read("output.txt"), "a b 5 6 3\n", "what the program says")
p.write("include/two.h", "#define TWO (6) /* the same */\n")
p.run(ran=1, fresh=1)  # the same program: what follows stays
p.write("src/two.c", "int two(void) { return }\n")
p.run(failed=1, skipped=1, exit=1)
contains(p.refit("logs", "program").stdout, "src/two.c:1:")
