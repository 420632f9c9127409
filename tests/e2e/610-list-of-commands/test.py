"""A list of commands, or a string of several lines: each in a shell of its own, one after another, until one fails."""
from harness import equal, Project

p = Project("""\
    stages:
      list:
        cmd:
          - mkdir -p sub
          - cd sub
          - pwd > where.txt
          - X=1
          - echo "[$X]" >> where.txt
        outs: [where.txt]
      lines:
        cmd: |
          cd sub
          pwd > lines.txt
        outs: [lines.txt]
        needs: [list]
      folded:
        cmd: >-
          cd sub &&
          pwd > ../folded.txt
        outs: [folded.txt]
        needs: [list]
      fails:
        cmd:
          - echo 1 >> steps.txt
          - echo 2 >> steps.txt; exit 5
          - echo 3 >> steps.txt
        outs: [never.txt]
    """)
result = p.run("-k0", ran=3, failed=1, exit=1)
equal(p.read("where.txt"), f"{p.root}\n[]\n", "list")
equal(p.read("lines.txt"), f"{p.root}\n", "lines")
equal(p.read("folded.txt"), f"{p.root}/sub\n", "folded")
equal(p.read("steps.txt"), "1\n2\n", "steps of the one that fails")
