"""Learn a support vector machine from a table of digits."""
import pickle
import sys

import numpy
import yaml
from sklearn.svm import SVC

table, model_path = sys.argv[1:]
with open("params.yaml", encoding="utf-8") as file:
    params = yaml.safe_load(file)["train"]
rows = numpy.loadtxt(table, delimiter=",", skiprows=1)
model = SVC(C=params["c"], gamma=params["gamma"]).fit(rows[:, :-1], rows[:, -1].astype(int))
with open(model_path, "wb") as file:
    pickle.dump(model, file, protocol=5)
print(f"{model.n_support_.sum()} support vectors")
