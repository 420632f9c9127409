"""A newline inside quotes of `cmd` cuts the command in two: that is told before anything runs, and what to write."""
from harness import contains, equal, Project

p = Project()


def run(cmd, exit=0, shell=""):
    more = f"    shell: {shell}\n" if shell else ""
    p.write("refit.yaml", f"stages:\n  s:\n    cmd:{cmd}\n    outs: [out.txt]\n{more}")
    return p.refit("run", "-B", exit=exit)


for cmd, number in ((""" |\n      echo "a\n      b" > out.txt""", 1), (""" "echo 'a\\nb' > out.txt\"""", 1),
                    (""" |\n      true\n      echo 'it''s\n      so' > out.txt""", 2),
                    (""" |\n      : don"'"t # "\n      python3 -c "\n      print(1)" > out.txt""", 2),
                    ("""\n      - echo "a\n      - b" > out.txt""", 1)):
    result = run(cmd, exit=2)
    contains(result.stderr, "refit.yaml:", f"command {number} of stage `s` ends inside quotes", "- |")
    equal(len(result.stderr.splitlines()), 1, "lines")
run("""\n      - |\n        echo "a\n        b" > out.txt""")  # what the line says to write
equal(p.read("out.txt"), "a\nb\n", "the out")
# None of these is open where its line ends.
run(r""" |
      : # it's a comment
      : a#"b" "\\" 'a"b' "a'b" \" \'
      echo "$(echo "it's")" "`echo "'"`" > out.txt""")
equal(p.read("out.txt"), "it's '\n", "the out")
run(r""" |
      : "\${x#"'"}"
      echo $'it\'s' > out.txt
      true""", shell="/bin/bash")
equal(p.read("out.txt"), "it's\n", "the out")
# Another shell has rules of its own, and what is open in the end is for the shell to say.
run(""" |
      "and
      so on" """, exit=1, shell="/nowhere/python3")
contains(run(""" |
      true
      echo "a > out.txt""", exit=1).text, "nterminated quoted string")
