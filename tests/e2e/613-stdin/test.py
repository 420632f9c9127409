"""A command has no input of the terminal: reading gives the end at once. With `console` the terminal is its own."""
from harness import equal, Project

p = Project("""\
    stages:
      a:
        cmd: cat > a.txt; wc -c < a.txt > n.txt
        outs: [a.txt, n.txt]
      b:
        cmd: echo said on the console; echo b > b.txt
        console: true
        outs: [b.txt]
        needs: [a]
    """)
result = p.refit("run")
equal(int(p.read("n.txt")), 0, "bytes read")
equal("said on the console" in result.text, True, "the console's output is seen")
