"""Ten thousand stages from end to end: all run, none runs again, and one parameter runs the one that reads it."""
# tags: plain
from faults import room
from harness import equal, Project

COUNT = 10_000
WIDE = 100  # stages that read one out
p = Project(base=room())
lines = ["stages:"]
for i in range(COUNT):
    lines += [f"  s{i}:", f"    cmd: echo {i} > o/{i // WIDE}/{i}", f"    outs: [o/{i // WIDE}/{i}]"]
    if i % WIDE:
        lines += [f"    deps: [o/{i // WIDE}/{i - i % WIDE}]"]
    if i == 4200:
        lines += ["    params: [n]"]
lines += ["  sum:", "    cmd: cat o/42/* | wc -l > sum.txt", "    deps: [o/42]", "    outs: [sum.txt]"]
p.write("refit.yaml", "\n".join(lines) + "\n")
p.write("params.yaml", "n: 1\n")
result = p.run(ran=COUNT + 1)
equal(len(result.started), COUNT + 1, "stages that ran")
equal(p.read("sum.txt"), f"{WIDE}\n", "the sum")
p.run(fresh=COUNT + 1)
equal(p.refit("run").stdout.split(" fresh")[0], f"nothing to do: {COUNT + 1}", "what people see")
p.write("params.yaml", "n: 2\n")
equal(p.run(fresh=COUNT, ran=1).started, ["s4200"], "the stage with the parameter; what it made is the same")
p.replace("refit.yaml", "echo 4200 >", "echo four two >")
equal(p.run(fresh=COUNT - WIDE, ran=WIDE + 1).started[0], "s4200", "the stage whose command was changed")
p.replace("refit.yaml", "echo four two >", "echo 4200 >")
p.run(fresh=COUNT, restored=1)  # what follows from it is as it was made from the same
p.remove("o/7")
p.run(fresh=COUNT + 1 - WIDE, restored=WIDE)
