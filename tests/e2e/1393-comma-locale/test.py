"""With a locale that has a comma for a point, and rows in another order, every verdict is the same."""
import json
import os
import random
import shutil
import subprocess

from harness import Project, equal, skip

p = Project("""\
    stages: {}
    gates:
      g:
        model: model.bin
        rows: {candidate: cand.csv, baseline: base.csv, key: id, label: label, prediction: said, score: score,
               positive: 1}
        metrics:
          accuracy: {better: higher, min: 0.5, max_drop: 0.1}
          auc: {better: higher, min: 0.5, max_drop: 0.1}
          log_loss: {better: lower, max: 1.5, max_rise: 0.2}
        slices: {by: [group], min_n: 20, max_drop: 0.2}
    """)
if shutil.which("localedef") is None or not os.path.exists("/usr/share/i18n/locales/de_DE"):
    skip("no localedef, or no source of de_DE")
locales = p.path("locales")
locales.mkdir()
subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", locales / "de_DE.UTF-8"], check=True)
german = {"LOCPATH": str(locales), "LC_ALL": "de_DE.UTF-8"}
point = subprocess.run(["locale", "decimal_point"], env={**os.environ, **german}, stdout=subprocess.PIPE, text=True)
equal(point.stdout, ",\n", "the locale's decimal point")

source = random.Random(3)
p.write("model.bin", "m")
p.write("spec.yaml", """\
data: now.csv
columns:
  x: {between: [-3.5, 3.5], mean: {min: -0.5, max: 0.5}, quantile: {q: 0.25, min: -1.5}, type: number}
  y: {unique: true, stdev: {min: 0.5}}
drift: {reference: old.csv, method: METHOD}
""")


def table(header, rows):
    return header + "\n" + "".join(row + "\n" for row in rows)


now = [f"{source.gauss(0, 1):.4f},{source.gauss(0, 1)!r}" for _ in range(800)]
p.write("old.csv", table("x,y", [f"{source.gauss(0.1, 1):.4f},{source.gauss(0, 1)!r}" for _ in range(800)]))
models = {name: [] for name in ("cand", "base")}
for i in range(400):
    label = source.randrange(2)
    for rows in models.values():
        score = min(max(source.gauss(0.25 + label / 2, 0.3), 0.01), 0.99)
        rows.append(f"{i},{'ab'[i % 2]},{label},{int(score > 0.5)},{score:.5f}")


def verdicts(env):
    found = []
    p.write("now.csv", table("x,y", now))
    for name, rows in models.items():
        p.write(name + ".csv", table("id,group,label,said,score", rows))
    spec = p.read("spec.yaml")
    for method in ("psi", "ks", "chi2", "js", "linf"):
        p.write("spec.yaml", spec.replace("METHOD", method))
        found.append(json.loads(p.refit("check", "data", "--spec", "spec.yaml", "--json", exit=None, env=env).stdout))
    p.write("spec.yaml", spec)
    found.append(json.loads(p.refit("check", "model", "g", "--json", exit=None, env=env).stdout))
    for verdict in found:
        for result in verdict["results"]:
            result.pop("lines", None)
            result["message"] = result.get("message", "").split(", first on line")[0]
    return [(verdict["outcome"], verdict["results"]) for verdict in found]


first = verdicts({"LC_ALL": "C"})
equal(verdicts(german), first, "in German")
for rows in (now, *models.values()):
    source.shuffle(rows)
equal(verdicts(german), first, "in German and another order")
