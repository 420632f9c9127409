"""`depfile` adds inputs that the command reports; several sets of them are kept under one declared key."""
from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      compile:
        cmd: sh compile.sh main.txt out.txt
        deps: [compile.sh, main.txt]
        outs: [out.txt]
        depfile: out.d
    """)
p.write("compile.sh", """\
: > $2
printf '%s:' $2 > out.d
while read -r word file; do
    case $word in
    include) cat "$file" >> $2; printf ' \\\\\\n  %s' "$file" >> out.d ;;
    *) echo "$word $file" >> $2 ;;
    esac
done < $1
echo >> out.d
""")
p.write("main.txt", "include a.inc\ninclude lib/b.inc\nthe end\n")
p.write("a.inc", "a1\n")
p.write("lib/b.inc", "b1\n")
p.write("c.inc", "c1\n")
p.run(ran=1)
equal(p.read("out.txt"), "a1\nb1\nthe end\n", "the out")
p.run(fresh=1)
p.write("c.inc", "c2\n")
p.run(fresh=1)
p.write("lib/b.inc", "b2\n")
result = p.run(ran=1)
contains(result.start_reason("compile"), "lib/b.inc")
equal(p.read("out.txt"), "a1\nb2\nthe end\n", "the out")
p.run(fresh=1)
p.write("lib/b.inc", "b1\n")
p.run(restored=1)
equal(p.read("out.txt"), "a1\nb1\nthe end\n", "the older set matches again")
p.remove(".refit/state")
p.write("lib/b.inc", "b2\n")
p.run(restored=1)
equal(p.read("out.txt"), "a1\nb2\nthe end\n", "the sets are in the store")
p.write("a.inc", "a2\n")
p.run(ran=1)
# Another declared key may find other inputs.
p.write("main.txt", "include c.inc\n")
p.run(ran=1)
p.write("a.inc", "a3\n")
p.run(fresh=1)
p.write("c.inc", "c3\n")
p.run(ran=1)
p.remove("c.inc")
result = p.refit("run", "--json", exit=None)
expect(result.states["compile"] != "fresh", "a discovered input that has gone")
