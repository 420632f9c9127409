"""However many gpus are asked for, or said to be there: that ends in a line, or in so many devices."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      s:
        cmd: printf %s "$CUDA_VISIBLE_DEVICES" > out.txt
        outs: [out.txt]
        resources: {gpus: N}
    """)
manifest = p.read("refit.yaml")


def ask(wanted, there, exit=0):
    p.write("refit.yaml", manifest.replace("N", wanted))
    p.write("refit.config.yaml", f"resources: {{gpus: {there}}}\n")
    return p.refit("run", "-B", exit=exit)


contains(ask("4000000000", "2", exit=2).stderr, "refit.yaml:5:", "wants 4000000000 gpus, but the total is 2")
for many in ("4000000000", "1025", "18446744073709551"):
    contains(ask(many, many, exit=2).stderr, "refit.config.yaml:1:", f"`resources.gpus` is {many}", "at most 1024")
for many in ("99999999999999999999999", "-1", "1.5"):
    contains(ask(many, "2", exit=2).stderr, "refit.yaml:5:", "whole number")
    contains(ask("2", many, exit=2).stderr, "refit.config.yaml:1:", "whole number")
for count in (1024, 3, 0):
    ask(str(count), "1024")
    equal(p.read("out.txt"), ",".join(map(str, range(count))), f"{count} devices")
