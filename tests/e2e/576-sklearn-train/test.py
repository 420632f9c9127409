"""sklearn.train fits an estimator to a table and says how good it is; its options are part of the key."""
# tags: venv
import json
import subprocess

from harness import contains, equal, expect, Project, venv

python = venv()
p = Project(f"""\
    stages:
      load:
        cmd: {python} load.py
        deps: [load.py]
        outs: [all.csv]
      split:
        use: data.split
        with: {{data: all.csv, train: train.csv, test: test.csv, fraction: 0.3}}
      train:
        use: sklearn.train
        with:
          estimator: sklearn.linear_model.LogisticRegression
          options: {{C: 1.0, max_iter: 1000, random_state: 0}}
          train: train.csv
          test: test.csv
          target: kind
          model: model.joblib
          metrics: metrics.json
          python: {python}
    """)
p.write("load.py", """\
import csv
from sklearn.datasets import load_iris
iris = load_iris()
with open("all.csv", "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["a", "b", "c", "d", "kind"])
    out.writerows([*row, iris.target_names[kind]] for row, kind in zip(iris.data, iris.target))
""")
p.run(ran=3)
scores = json.loads(p.read("metrics.json"))
expect(scores["test"]["accuracy"] > 0.9 and scores["train"]["accuracy"] > 0.9, f"a model that learnt: {scores}")
contains(p.refit("metrics").stdout, "train", "metrics.json", "test.accuracy")
ask = "import joblib; print(joblib.load('model.joblib').predict([[5.1, 3.5, 1.4, 0.2]])[0])"
equal(subprocess.run([python, "-c", ask], cwd=p.root, capture_output=True, text=True, check=True).stdout, "setosa\n",
      "what the model predicts")
p.run(fresh=3)
p.replace("refit.yaml", "C: 1.0", "C: 0.001")
p.run(ran=1, fresh=2)
expect(json.loads(p.read("metrics.json")) != scores, "another C is another model")
p.replace("refit.yaml", "C: 0.001", "C: 1.0")
p.run(restored=1, fresh=2)

# A regressor, some of the columns, no test set.
p.manifest(f"""\
    stages:
      train:
        use: sklearn.train
        with: {{estimator: sklearn.linear_model.LinearRegression, train: all.csv, target: d, features: [a, c],
               model: model.joblib, metrics: metrics.json, python: {python}}}
    """)
p.run(ran=1)
expect(json.loads(p.read("metrics.json"))["train"]["r2"] > 0.9, "it fits")
p.replace("refit.yaml", "features: [a, c]", "features: [a, e]")
p.run(failed=1, exit=1)
contains(p.refit("logs", "train").stdout, "all.csv has no column 'e'")
