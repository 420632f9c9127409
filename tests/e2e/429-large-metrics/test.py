"""Metrics and plots are stored whatever their size; another out with `cache: false` only up to 64 MiB."""
from harness import equal, Project

SIZE = (64 << 20) + 1
p = Project(f"""\
    stages:
      a:
        cmd: for name in out.bin metrics.bin plot.bin; do head -c {SIZE} /dev/zero > $name; done
        outs: [{{out.bin: {{cache: false}}}}]
        metrics: [{{metrics.bin: {{cache: false}}}}]
        plots: [{{plot.bin: {{cache: false}}}}]
    """)
p.run(ran=1)
sizes = [line.split()[-2:] for line in p.read("refit.lock").splitlines() if ".bin: \"file" in line]
equal(sorted(last[-1].strip('"') == "unstored" for last in sizes), [False, False, True], "what is not stored")
p.remove("metrics.bin", "plot.bin")
p.refit("restore", "metrics.bin")
p.refit("restore", "plot.bin")
equal([p.path(name).stat().st_size for name in ("metrics.bin", "plot.bin")], [SIZE, SIZE], "sizes")
p.run(fresh=1)
p.remove("out.bin")
p.run(ran=1)
