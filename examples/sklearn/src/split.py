"""Divide the table into one to learn from and one to test with, each label in proportion."""
import sys

import yaml
from sklearn.model_selection import train_test_split

table, train_path, test_path = sys.argv[1:]
with open("params.yaml", encoding="utf-8") as file:
    params = yaml.safe_load(file)["split"]
with open(table, encoding="ascii") as file:
    header, *rows = file.read().splitlines()
labels = [row.rpartition(",")[2] for row in rows]
train, test = train_test_split(rows, test_size=params["test"], random_state=params["seed"], stratify=labels)
for path, part in ((train_path, train), (test_path, test)):
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join([header, *part]) + "\n")
print(f"{len(train)} rows to learn from, {len(test)} to test with")
