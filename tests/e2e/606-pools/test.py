"""A pool limits how many stages that want it run at once, however many jobs there are."""
# tags: tsan
from harness import contains, equal, expect, Project

p = Project("stages:\n" + "".join(f"""\
  s{i}:
    cmd: python3 hold.py s{i}
    deps: [hold.py]
    outs: [s{i}.txt]
    resources: {{db: 1}}
""" for i in range(6)))
p.write("hold.py", """\
import os, sys, time
name = sys.argv[1]
os.makedirs("slots", exist_ok=True)
open("slots/" + name, "w").close()
most = 0
for _ in range(10):
    most = max(most, len(os.listdir("slots")))
    time.sleep(0.01)
os.remove("slots/" + name)
open(name + ".txt", "w").write(str(most))
""")
p.write("refit.config.yaml", "resources: {db: 2}\n")
p.run("-j6", ran=6)
most = max(int(p.read(f"s{i}.txt")) for i in range(6))
expect(1 <= most <= 2, f"{most} at once")
p.write("refit.config.yaml", "resources: {db: 1}\n")
p.run("-j6", fresh=6)
p.run("-j6", "-B", ran=6)
equal(max(int(p.read(f"s{i}.txt")) for i in range(6)), 1, "at once")
p.write("refit.config.yaml", "")
contains(p.refit("run", exit=2).stderr, "refit.yaml:6:", "db")
