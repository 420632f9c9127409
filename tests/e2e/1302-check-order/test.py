"""No verdict changes when rows are reordered or the locale is another one, but for the numbers of lines."""
import random
from harness import Project, equal

p = Project("stages: {}\n")
p.write("spec.yaml", """\
data: data.csv
columns:
  id: {unique: true, foreign_key: {file: ids.csv, column: id}, distinct_count: {min: 1}}
  x: {mean: {min: 0}, stdev: {min: 0}, sum: {min: 0}, median: {min: 0}, quantile: {q: 0.9, min: 0}, min: {min: 0}}
unique_rows: [id, x]
no_overlap: {with: ids.csv, key: id}
""")
source = random.Random(1)
rows = [f"{source.randrange(9000)},{source.random() * 10 ** source.randrange(-9, 9)!r}" for _ in range(9000)]
p.write("ids.csv", "id\n" + "".join(f"{i}\n" for i in range(0, 9000, 2)))


def verdict(env=None):
    p.write("data.csv", "id,x\n" + "\n".join(rows) + "\n")
    results = p.refit("check", "data", "--spec", "spec.yaml", "--json", exit=4, env=env).json["results"]
    return [{key: value for key, value in result.items() if key not in ("lines", "message")} for result in results]


first = verdict()
for locale in ("C", "de_DE.UTF-8", "C.UTF-8"):
    source.shuffle(rows)
    equal(verdict({"LC_ALL": locale}), first, f"with {locale}")

# What the exact rules say is what Python says.
ids = [row.split(",")[0] for row in rows]
by = {result["rule"]: result for result in first}
equal(by["unique"]["failing"], sum(ids.count(i) > 1 for i in ids), "unique")
equal(by["foreign_key"]["failing"], sum(int(i) % 2 for i in ids), "foreign_key")
equal(by["no_overlap"]["failing"], sum(int(i) % 2 == 0 for i in ids), "no_overlap")
