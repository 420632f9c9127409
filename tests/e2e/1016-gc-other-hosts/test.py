"""What workspaces on other hosts published stays and is told; one can be let go by its name, or all that are silent."""
import subprocess
import time

from harness import contains, equal, expect, maker, REFIT, set_n, skip

if subprocess.run(["unshare", "--user", "--map-root-user", "--uts", "true"], stderr=subprocess.DEVNULL).returncode:
    skip("no namespaces here")
p = maker(50_000)
p.environment["REFIT_STORE"] = str(p.base / "store")
root = str(p.root)


def run_on(host):
    """A container of CI: the same path, another host name, nothing but the store is left of it."""
    script = 'hostname "$1" && exec "$2" run'
    subprocess.run(["unshare", "--user", "--map-root-user", "--uts", "sh", "-c", script, "sh", host, REFIT], check=True,
                   cwd=p.root, env=p.environment, stdout=subprocess.DEVNULL)
    p.remove(".refit", "refit.lock", "out.bin")


def gc(*arguments):
    result = p.refit("gc", "--json", "--budget", "0", *arguments).json
    return result["taken_records"], sorted((w["host"], w["state"]) for w in result["workspaces"] if w["path"] == root)


for n in range(1, 4):
    set_n(p, n)
    run_on(f"container{n}")
time.sleep(1.1)  # before those that are to count as seen
set_n(p, 4)
run_on("container4")
set_n(p, 5)
p.run(ran=1)
here = p.refit("gc", "--json").json["workspaces"]
here = next(w["host"] for w in here if w["state"] == "read")
elsewhere = [(f"container{n}", "elsewhere") for n in range(1, 5)]
equal(gc(), (0, sorted([*elsewhere, (here, "read")])), "without an option")
text = p.refit("gc").stdout
contains(text, "on container2, last seen 20", "`refit gc --forget HOST:PATH`")
# By its name: the workspace of that host alone.
contains(p.refit("gc", "--forget", f"nowhere:{root}", exit=2).stderr, "--forget ", f":{root}")  # any of those
equal(gc("-n", "--forget", f"container2:{root}")[0], 1, "records that would go")
contains(p.refit("gc", "-n", "--forget", f"container2:{root}").stdout, "would forget", root, "on container2")
equal(gc("--forget", f"container2:{root}"),
      (1, sorted([elsewhere[0], ("container2", "forgotten"), *elsewhere[2:], (here, "read")])), "one of another host")
equal(gc("--forget", root)[0], 1, "this host's own, though others have the same path")
p.run("-B", ran=1)
elsewhere.pop(1)
# By their silence.
contains(p.refit("gc", "--forget-unseen", "soon", exit=2).stderr, "soon is no time", "30d")
equal(gc("--forget-unseen", "1h"), (0, sorted([*elsewhere, (here, "read")])), "nobody is silent for an hour")
taken, states = gc("-n", "--forget-unseen", "1s")
expect(taken >= 2 and ("container1", "forgotten") in states and (here, "read") in states, f"{taken} of {states}")
taken, states = gc("--forget-unseen", "1s")
expect(taken >= 2 and ("container3", "forgotten") in states and (here, "read") in states, f"{taken} of {states}")
p.remove("out.bin")
p.run(restored=1)  # what is here and can be looked at is never silent
# Many are told in a line.
for n in range(10, 17):
    set_n(p, n)
    run_on(f"container{n}")
contains(p.refit("gc").stdout, "workspaces that are gone or on other hosts", "-v shows all", "--forget-unseen 30d")
expect(p.refit("gc").stdout.count("last seen 20") == 5, "some are shown")
expect(p.refit("gc", "-v").stdout.count("last seen 20") >= 7, "all are shown")
p.refit("verify")
