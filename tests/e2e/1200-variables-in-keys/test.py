"""A variable decides through what a template became, and through nothing else; a stage of a group is like any other."""
from harness import Project, contains, equal

p = Project("""\
    vars: [sizes.yaml, {greeting: hello}]
    stages:
      say:
        cmd: echo ${greeting} ${name} > said.txt
        outs: [said.txt]
      cut:
        foreach: ${sizes}
        do:
          cmd: mkdir -p cut && head -c ${item.bytes} said.txt > cut/${key}
          deps: [said.txt]
          outs: ['cut/${key}']
      join:
        matrix:
          order: [up, down]
          mark: ["+", a/b]
        cmd: >-
          mkdir -p joined/${item.order} && cat cut/* > 'joined/${key}.txt' &&
          echo '${item.mark}' >> 'joined/${key}.txt'
        wdir: .
        deps: [cut]
        outs: ['joined/${key}.txt': {cache: false}]
    """)
p.write("params.yaml", "name: world\nunused: 1\n")
p.write("sizes.yaml", "sizes:\n  small: {bytes: 3}\n  large: {bytes: 8}\n")
p.write("joined/up-a/keep", "")
p.write("joined/down-a/keep", "")
p.run(ran=7)
equal(p.read("said.txt"), "hello world\n", "a template of `vars` and of params.yaml")
equal(p.read("cut/small") + "|" + p.read("cut/large"), "hel|hello wo", "item and key")
equal(p.read("joined/down-a/b.txt"), "hello wohel" + "a/b\n", "a name with a slash")
p.run(fresh=7)
p.replace("params.yaml", "unused: 1", "unused: 2")
p.run(fresh=7)
p.replace("params.yaml", "name: world", "name:   'world'")
p.run(fresh=7)
p.replace("sizes.yaml", "bytes: 3", "bytes: 0x3")
p.run(fresh=7)
p.replace("sizes.yaml", "bytes: 0x3", "bytes: 4")
result = p.run(fresh=2, ran=5)
equal(sorted(result.started), sorted(["cut@small", "join@up-+", "join@up-a/b", "join@down-+", "join@down-a/b"]),
      "what follows from one size")
verdict, changes = p.why("cut@small")
equal(verdict, "fresh", "why of a member")
p.replace("params.yaml", "'world'", "there")
p.run("say", ran=1)
contains(p.refit("why", "say").stdout, "fresh")
# Its log has a name that a file can have, and so have the outs of an attempt that failed.
contains(p.refit("logs", "join@up-a/b").text, "")
equal(p.exists(".refit/logs/join@up-a%2Fb.log"), True, "the log's file")
p.replace("refit.yaml", "cat cut/* > 'joined/${key}.txt' &&", "echo broken > 'joined/${key}.txt' && false &&")
result = p.refit("run", "--json", "-k", "0", exit=1)
equal(result.finished["failed"], 4, "failed")
equal(p.read(".refit/attempts/join@up-a%2Fb/joined/up-a/b.txt"), "broken\n", "what the attempt left")
