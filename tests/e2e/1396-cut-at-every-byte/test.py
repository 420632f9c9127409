"""A compressed table that is cut anywhere is not whole; several that follow each other are one."""
import gzip
import shutil
import subprocess

from harness import Project, contains, equal

p = Project("stages: {}\n")
TEXT = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i % 10) for i in range(40))
kinds = {"data.csv.gz": gzip.compress}
if shutil.which("zstd"):
    kinds["data.csv.zst"] = lambda data: subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE,
                                                        check=True).stdout
for name, compress in kinds.items():
    p.write("spec.yaml", f"data: {name}\nrow_count: 40\ncolumns: {{b: {{between: [0, 9]}}}}\n")

    def check(data, exit):
        p.path(name).write_bytes(data)
        return p.refit("check", "data", "--spec", "spec.yaml", "--json", exit=exit)

    whole = compress(TEXT)
    equal(check(whole, 0).json["inputs"][name]["bytes"], len(whole), "bytes")
    for cut in range(5, len(whole)):
        contains(check(whole[:cut], 1).stderr, f"{name} is not whole")
    # Cut between and within rows, each piece compressed by itself; pieces may be empty.
    for cut in (0, 1, 4, 5, 57, len(TEXT)):
        pieces = compress(TEXT[:cut]) + compress(b"") + compress(TEXT[cut:])
        equal(check(pieces, 0).json["outcome"], "pass", f"cut {cut}")
    second = compress(TEXT[50:])
    contains(check(compress(TEXT[:50]) + second[:len(second) - 3], 1).stderr, f"{name} is not whole")
    equal(check(whole + b"trailing", 1).stderr.count("\n"), 1, "what follows and is not compressed")
