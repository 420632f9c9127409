"""How often is the model right, for each digit and over all?"""
import json
import pickle
import sys

import numpy
from sklearn.metrics import confusion_matrix

model_path, table, metrics_path, confusion_path = sys.argv[1:]
with open(model_path, "rb") as file:
    model = pickle.load(file)
rows = numpy.loadtxt(table, delimiter=",", skiprows=1)
confusion = confusion_matrix(rows[:, -1].astype(int), model.predict(rows[:, :-1]), labels=range(10))
right = confusion.diagonal() / confusion.sum(axis=1)
metrics = {
    "accuracy": float(confusion.trace() / confusion.sum()),
    "digit": {str(digit): float(share) for digit, share in enumerate(right)},
}
with open(metrics_path, "w", encoding="utf-8") as file:
    json.dump(metrics, file, indent=1)
numpy.savetxt(confusion_path, confusion, fmt="%d", delimiter=",", header=",".join(map(str, range(10))), comments="")
print(f"accuracy {metrics['accuracy']:.4f}")
