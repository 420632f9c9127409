"""Where a run has several things to tell by its exit status, the first of 130, 5, 2, 1, 4, 3 is told."""
import signal

from harness import Project, equal

CHECKS = """\
    expect:
      table: {data: t.csv, row_count: {min: 5}}
    gates:
      gate:
        model: m
        metric_files: {candidate: c.json}
        metrics: {a: {better: higher, max_drop: 1}}
    """
STAGES = {
    "manifest": "      manifest: {cmd: 'true', params: [none], outs: [a.txt]}\n",
    "fails": "      fails: {cmd: exit 7, outs: [b.txt]}\n",
    "waits": "      waits: {cmd: ': > begun; sleep 60', outs: [w.txt]}\n",
}


def project(*stages, rows=1):
    text = "\n".join(line[4:] if line.startswith("    ") else line for line in CHECKS.splitlines())
    p = Project(text + "\nstages:" + ("\n" + "".join(STAGES[name][4:] for name in stages) if stages else " {}\n"))
    p.write("t.csv", "n\n" + "1\n" * rows)
    p.write("m", "m")
    p.write("c.json", '{"a": 1}\n')
    p.write("params.yaml", "other: 1\n")
    return p


equal(project(rows=9).refit("run", "-k", exit=None).code, 3, "a gate without a baseline")
equal(project().refit("run", "-k", exit=None).code, 4, "and a check that failed")
equal(project("fails").refit("run", "-k", exit=None).code, 1, "and a stage that failed")
equal(project("manifest", "fails").refit("run", "-k", exit=None).code, 2, "and a parameter that is not there")

p = project("fails")
p.write(".refit/store", "no folder")
equal(p.refit("run", "-k", exit=None).code, 5, "and no store")

p = project("fails", "waits")
p.write("refit.config.yaml", "grace: 1s\njobs: 4\n")
run = p.start("run", "-k")
p.wait_for("begun")
run.signal(signal.SIGINT)
equal(run.wait(exit=None).code, 130, "and an interrupt")
