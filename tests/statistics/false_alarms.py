#!/usr/bin/env python3
"""How often refit itself raises a false alarm: false_alarms.py [REFIT] [--simulations N] [--jobs N]

Drift: both files come from the same distribution; an alarm is any column that drifts, of all columns together. The
threshold of the effect is 0, so that only the p-values (with Holm's correction) stand between chance and an alarm;
another row keeps the thresholds as they are. Gates: a model that is as good as the baseline fails, in a slice or as
a whole; and a model whose true drop is just the tolerated one passes. Each may happen in 5% of all cases; more than
1.5 times that, beyond four standard errors of a short run, is a failure.
"""
import argparse
import concurrent.futures
import json
import math
import random
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALPHA, ROOM = 0.05, 1.5
LONG = 1000  # from so many simulations on nothing is allowed for chance
METHODS = ("psi", "ks", "chi2", "js", "linf", "wasserstein")
OF_NUMBERS = ("ks", "wasserstein")
FEW = 50  # rows that may lack a category by chance, and one that the reference never had is a finding of its own
DRIFT = [(method, rows, columns, True) for method in METHODS
         for rows, columns in ((8, 3), (100, 3), (500, 3), (500, 12), (3000, 3))]
DRIFT += [(method, 500, 3, False) for method in METHODS]
GATES = [(kind, metric, rows) for kind in ("equal", "tolerated") for metric in ("accuracy", "f1")
         for rows in (200, 800)]
GROUPS, DROP = 4, 0.05


def table(source, rows, columns, reals_only):
    """Columns by turns: real, skewed, and of five categories."""
    makers = [lambda: f"{source.gauss(0, 1):.6f}", lambda: f"{source.expovariate(1):.6f}",
              lambda: source.choice("aaaabbbccd")]
    used = makers[:2] if reals_only else makers
    lines = [",".join(f"x{i}" for i in range(columns))]
    lines += [",".join(used[i % len(used)]() for i in range(columns)) for _ in range(rows)]
    return "\n".join(lines) + "\n"


def verdict(refit, folder, *words):
    answer = subprocess.run([refit, "-C", folder, "check", *words, "--json"], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)
    if answer.returncode not in (0, 3, 4):
        raise SystemExit(f"exit status {answer.returncode}: {answer.stderr}")
    return json.loads(answer.stdout)["results"]


def drift_alarm(refit, folder, case, seed):
    method, rows, columns, bare = case
    source = random.Random(f"{case} {seed}")
    for name in ("old.csv", "now.csv"):
        (folder / name).write_text(table(source, rows, columns, method in OF_NUMBERS or rows < FEW))
    threshold = ", threshold: 0" if bare else ""
    (folder / "spec.yaml").write_text(f"data: now.csv\ndrift: {{reference: old.csv, method: {method}, alpha: {ALPHA}"
                                      f"{threshold}}}\n")
    results = [r for r in verdict(refit, folder, "data", "--spec", "spec.yaml") if r["rule"] == "drift"]
    if len(results) != columns:
        raise SystemExit(f"{len(results)} results of {columns} columns")
    return any(r["outcome"] == "fail" for r in results)


GATE = """\
stages: {{}}
gates:
  g:
    model: model.bin
    rows: {{candidate: cand.csv, baseline: base.csv, key: id, label: label, prediction: prediction, positive: 1}}
    metrics: {{{metric}: {{better: higher, max_drop: {drop}}}}}
    slices: {{by: [group], min_n: 20, max_drop: {drop}}}
"""


def gate_alarm(refit, folder, case, seed):
    """Errors of 15%; the candidate's are others, and as many, or by the tolerated drop more in every group. F1 is
    1 - errors then too, since both classes are as frequent and mistaken as often."""
    kind, metric, rows = case
    source = random.Random(f"{case} {seed}")
    error = {"base": 0.15, "cand": 0.15 + (DROP if kind == "tolerated" else 0)}
    lines = {name: ["id,group,label,prediction"] for name in error}
    for i in range(rows):
        label, shared = source.randrange(2), source.random()
        for name, share in error.items():
            # half of the errors are of rows that both find hard
            hard = shared < 0.1
            wrong = source.random() < (0.75 if hard else (share - 0.075) / 0.9)
            lines[name].append(f"{i},{i % GROUPS},{label},{1 - label if wrong else label}")
    for name in error:
        (folder / f"{name}.csv").write_text("\n".join(lines[name]) + "\n")
    (folder / "model.bin").write_text("m")
    drop = DROP if kind == "tolerated" else 0.0
    (folder / "refit.yaml").write_text(GATE.format(metric=metric, drop=drop))
    results = [r for r in verdict(refit, folder, "model", "g") if r["rule"] == "max_drop"]
    if len(results) != GROUPS + 1:
        raise SystemExit(f"{len(results)} results of {GROUPS} slices: {results}")
    if kind == "equal":
        return any(r["outcome"] == "fail" for r in results)
    return all(r["outcome"] == "pass" for r in results), results[0]["outcome"] == "pass"


def simulate(work):
    measure, refit, case, seeds = work
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "refit.yaml").write_text("stages: {}\n")
        return [measure(refit, folder, case, seed) for seed in seeds]


def count(pool, jobs, measure, refit, case, simulations):
    parts = [(measure, refit, case, range(simulations)[part::jobs]) for part in range(jobs)]
    answers = [answer for part in pool.map(simulate, parts) for answer in part]
    # Of several claims the one that is true most often is what counts.
    columns = zip(*(answer if isinstance(answer, tuple) else (answer,) for answer in answers))
    return max(sum(column) for column in columns)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("refit", nargs="?", default=ROOT / "build/refit", type=Path)
    parser.add_argument("--simulations", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=["drift", "gates", *METHODS])
    parser.add_argument("--rows", type=int, help="only cases with so many rows")
    options = parser.parse_args()
    n, failed = options.simulations, False
    most = ROOM * ALPHA + (0 if n >= LONG else 4 * math.sqrt(ALPHA * (1 - ALPHA) / n))
    work = [("drift", drift_alarm, case) for case in DRIFT] + [("gates", gate_alarm, case) for case in GATES]
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for kind, measure, case in work:
            if options.only not in (None, kind, case[0]) or options.rows not in (None, *case):
                continue
            share = count(pool, options.jobs, measure, str(options.refit.resolve()), case, n) / n
            if kind == "drift":
                method, rows, columns, bare = case
                what = f"drift, {method}, {rows} rows, {columns} columns, {'threshold 0' if bare else 'its threshold'}"
            else:
                what = f"gate, {case[0]} model, {case[1]}, {case[2]} rows, {GROUPS} slices"
            bad = share > most
            failed |= bad
            print(f"{what}: {100 * share:.2f}% of {n}{' IS TOO MUCH' if bad else ''}", flush=True)
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
