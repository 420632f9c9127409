#!/usr/bin/env python3
"""What refit's statistics are held against: named functions of scipy, statsmodels, scikit-learn, numpy and mpmath.

    python3 tests/statistics/reference.py --record     write recorded.txt beside this file
    python3 tests/statistics/reference.py --check      compute every recorded value again, and compare

A line of recorded.txt is `function arguments = value`, which refit's function must meet to 1e-9 (of the value), or
`function arguments ~ value tolerance` where chance is in it. tests/unit/test_statistics_recorded.c reads it.
"""
import math
import random
import sys
from pathlib import Path

import mpmath
import numpy
import scipy.integrate
import scipy.optimize
import scipy.spatial.distance
import scipy.special
import scipy.stats
import sklearn.metrics
import statsmodels.stats.contingency_tables
import statsmodels.stats.multitest

RECORDED = Path(__file__).resolve().parent / "recorded.txt"
TOLERANCE = 1e-9
mpmath.mp.dps = 40


# ---- what each function is compared with ----

def tango(gained, lost, rows, z, side):
    """The interval by its definition: the score equation of Tango 1998 solved in 40 digits. The restricted estimate is
    found by maximising the likelihood numerically, not by its closed form."""
    n, b, c = int(rows), int(gained), int(lost)

    def score(difference):
        # p12 = q + difference, p21 = q; the rest has 1 - 2q - difference. The derivative of the log likelihood falls.
        low, high = max(mpmath.mpf(0), -difference), (1 - difference) / 2

        def slope(q):
            total = mpmath.mpf(0)
            total += b / (q + difference) if b else 0
            total += c / q if c else 0
            return total - (2 * (n - b - c) / (1 - 2 * q - difference) if n - b - c else 0)

        low_q, high_q = low, high
        for _ in range(140):
            middle = (low_q + high_q) / 2
            if slope(middle) > 0:
                low_q = middle
            else:
                high_q = middle
        variance = n * (2 * low_q + difference * (1 - difference))
        return (b - c - n * difference) / mpmath.sqrt(variance)

    estimate, z = mpmath.mpf(b - c) / n, mpmath.mpf(z)
    inside, outside = estimate, mpmath.mpf(side)
    if inside == outside:
        return float(outside)
    for _ in range(110):
        middle = (inside + outside) / 2
        if abs(score(middle)) <= z:
            inside = middle
        else:
            outside = middle
    return float(inside)


def shares(counts):
    return numpy.array(counts) / sum(counts)


def psi(a, b):
    p = numpy.maximum(a, .5) / sum(a)
    q = numpy.maximum(b, .5) / sum(b)
    return (scipy.special.rel_entr(p, q) + scipy.special.rel_entr(q, p)).sum()


def table(rows, columns, counts):
    return numpy.array(counts).reshape(int(rows), int(columns))


def philox(seed, stream, index):
    words = numpy.array(seed, dtype=numpy.uint8).tobytes()
    key = int.from_bytes(words[:16], "little")
    counter = int(stream) << 64 | int.from_bytes(words[16:], "little") << 128
    # numpy counts up before it makes a block.
    bits = numpy.random.Philox(key=key, counter=(counter - 1) % 2**256)
    return int(bits.random_raw(int(index) + 1)[-1])


def macro(function):
    return lambda labels, predicted, classes, weights: function(
        labels, predicted, average="macro", sample_weight=weights, zero_division=0)


def binary(function):
    return lambda labels, predicted, positive, weights: function(
        labels, predicted, pos_label=int(positive), sample_weight=weights)


def wasserstein_p(a, b):
    return scipy.stats.permutation_test((a, b), scipy.stats.wasserstein_distance, n_resamples=19999,
                                        alternative="greater", rng=1).pvalue


def bootstrap_limit(truth, candidate, baseline, high):
    def drop(truth, candidate, baseline, axis=-1):
        return (numpy.sqrt(numpy.mean((baseline - truth) ** 2, axis=axis))
                - numpy.sqrt(numpy.mean((candidate - truth) ** 2, axis=axis)))
    answer = scipy.stats.bootstrap((truth, candidate, baseline), drop, paired=True, vectorized=True, n_resamples=40000,
                                   confidence_level=.9, method="percentile", rng=2)
    return answer.confidence_interval.high if high else answer.confidence_interval.low


norm = scipy.stats.norm
FUNCTIONS = {
    "real_exp": lambda x: float(mpmath.exp(x)),
    "real_log": lambda x: float(mpmath.log(x)),
    "real_log1p": lambda x: float(mpmath.log1p(x)),
    "real_power": lambda x, y: float(mpmath.power(x, y)),
    "gamma_log": scipy.special.gammaln,
    "gamma_lower": scipy.special.gammainc,
    "gamma_upper": scipy.special.gammaincc,
    "beta_lower": scipy.special.betainc,
    "normal_lower": norm.cdf,
    "normal_upper": norm.sf,
    "normal_quantile": norm.ppf,
    "student_quantile": scipy.stats.t.ppf,
    "chi2_upper": scipy.stats.chi2.sf,
    "chi2_quantile": scipy.stats.chi2.ppf,
    "binomial_lower": scipy.stats.binom.cdf,
    "binomial_upper": lambda k, n, p: scipy.stats.binom.sf(k - 1, n, p),
    "random_bits_high": lambda *arguments: philox(*arguments) >> 32,
    "random_bits_low": lambda *arguments: philox(*arguments) & 0xffffffff,
    "sample_mean": lambda x: math.fsum(x) / len(x),
    "sample_deviation": lambda x: numpy.std(x),
    "ks_distance": lambda a, b: scipy.stats.ks_2samp(a, b).statistic,
    "ks_test": lambda a, b: scipy.stats.ks_2samp(a, b, method="exact").pvalue,
    "ks_test_between": lambda d, n, m: scipy.special.kolmogorov(math.sqrt(n * m / (n + m)) * d),
    "smirnov_upper": scipy.special.kolmogorov,
    "wasserstein_distance": scipy.stats.wasserstein_distance,
    "wasserstein_weighted": scipy.stats.wasserstein_distance,
    "wasserstein_test": wasserstein_p,
    "psi_value": psi,
    "psi_test": lambda a, b: scipy.stats.chi2.sf(psi(a, b) / (1 / sum(a) + 1 / sum(b)), len(a) - 1),
    "psi_threshold": lambda n, m, b, alpha: (1 / n + 1 / m) * scipy.stats.chi2.ppf(1 - alpha, b - 1),
    "chi2_statistic": lambda *t: scipy.stats.chi2_contingency(table(*t), correction=False).statistic,
    "chi2_p": lambda *t: scipy.stats.chi2_contingency(table(*t), correction=False).pvalue,
    "js_distance": lambda a, b, base: scipy.spatial.distance.jensenshannon(a, b, base=base or None),
    "js_divergence": lambda a, b, base: scipy.spatial.distance.jensenshannon(a, b, base=base or None) ** 2,
    "linf_distance": lambda a, b: scipy.spatial.distance.chebyshev(shares(a), shares(b)),
    # With two bins every measure orders tables alike, so that permutation leads to Fisher's exact test.
    "linf_permutation": lambda a, b: scipy.stats.fisher_exact([a, b]).pvalue,
    "holm_adjust": lambda p, i: statsmodels.stats.multitest.multipletests(p, method="holm")[1][int(i)],
    "tango_lower": lambda b, c, n, z: tango(b, c, n, z, -1),
    "tango_upper": lambda b, c, n, z: tango(b, c, n, z, 1),
    "mcnemar_exact": lambda b, c, n: statsmodels.stats.contingency_tables.mcnemar(
        [[n - b - c, b], [c, 0]], exact=True).pvalue,
    "equal_passes": lambda margin, error, alpha: norm.cdf(margin / error - norm.ppf(1 - alpha)),
    "equal_rows": lambda rows, margin, error, alpha, power, claims: math.ceil(
        rows * ((norm.ppf(1 - alpha) + norm.ppf(power ** (1 / claims))) * error / margin) ** 2),
    "accuracy": lambda labels, predicted, weights: sklearn.metrics.accuracy_score(
        labels, predicted, sample_weight=weights),
    "precision": binary(sklearn.metrics.precision_score),
    "recall": binary(sklearn.metrics.recall_score),
    "f1": binary(sklearn.metrics.f1_score),
    "precision_macro": macro(sklearn.metrics.precision_score),
    "recall_macro": macro(sklearn.metrics.recall_score),
    "f1_macro": macro(sklearn.metrics.f1_score),
    "auc": lambda labels, scores, weights: sklearn.metrics.roc_auc_score(labels, scores, sample_weight=weights),
    "log_loss": lambda labels, scores, weights: sklearn.metrics.log_loss(labels, scores, sample_weight=weights),
    "rmse": lambda truth, real, weights: sklearn.metrics.root_mean_squared_error(truth, real, sample_weight=weights),
    "mae": lambda truth, real, weights: sklearn.metrics.mean_absolute_error(truth, real, sample_weight=weights),
    "bootstrap_rmse": bootstrap_limit,
}
# How far chance may take refit's answer from theirs: some standard errors of both.
BY_CHANCE = {"wasserstein_test": .02, "linf_permutation": .02, "bootstrap_rmse": .02}


# ---- what they are compared at ----

def cases():
    chance = random.Random(6)

    def normal(count, mean=0, deviation=1, digits=6):
        return sorted(round(chance.gauss(mean, deviation), digits) for _ in range(count))

    def counts(count, most=200):
        return [chance.randrange(0, most) for _ in range(count)]

    for x in (-745, -700.5, -20, -1, -1e-3, -1e-17, 0, 1e-9, .1, .34, .35, 1, 2.5, 10, 100.25, 709.7):
        yield "real_exp", x
    for x in (5e-324, 1e-300, 1e-9, .1, .5, .7071, .70711, .99999, 1, 1.0000001, 1.5, 2, 3, 1e5, 1.7e308):
        yield "real_log", x
    for x in (-.999, -.5, -.25, -1e-3, -1e-17, 0, 1e-20, 1e-8, .1, .2499, .25, 1, 1e10):
        yield "real_log1p", x
    for x, y in ((2, .5), (.8, 1 / 7), (10, -3), (.05, 30), (1e-5, .1), (3, 0), (0, 2)):
        yield "real_power", x, y
    for x in (1e-8, .1, .5, 1.5, 2.5, 7, 14.9, 15, 15.1, 100, 12345.678, 1e9):
        yield "gamma_log", x
    for a in (.5, 1, 2.5, 10, 99.5, 1000, 50000):
        for f in (.01, .3, .7, .95, 1, 1.05, 1.4, 3):
            yield "gamma_lower", a, a * f
            yield "gamma_upper", a, a * f
    for a, b in ((.5, .5), (1, 3), (2.5, 7), (30, 4), (400, 350), (1e5, 2e5)):
        for x in (1e-4, .1, .3, .33333, .5, .9, .9999):
            yield "beta_lower", a, b, x
    for x in (-37, -10, -5, -1.96, -1, -1e-5, 0, 1e-8, .3, 1.2, 1.7, 3, 6, 8, 20, 37):
        yield "normal_lower", x
        yield "normal_upper", x
    for p in (1e-300, 1e-20, 1e-5, .001, .025, .05, .2, .49999, .5, .51, .8, .95, .975, .99, .9999, 1 - 1e-12):
        yield "normal_quantile", p
    for p, k in ((.05, 1), (.95, 2), (.025, 9), (.999, 40), (.05, 4999), (1e-6, 12)):
        yield "student_quantile", p, k
    for x, k in ((.001, 1), (3.84, 1), (6.6, 1), (200, 1), (9.2, 2), (21.7, 9), (5, 9), (1100, 1000), (3000, 1000)):
        yield "chi2_upper", x, k
    for p, k in ((.01, 1), (.5, 1), (.99, 1), (.99, 9), (.95, 9), (.99, 19), (.05, 100), (.999, 5000)):
        yield "chi2_quantile", p, k
    for k, n, p in ((0, 10, .5), (3, 10, .5), (10, 10, .5), (40, 100, .5), (3, 1000, .01), (480, 1000, .5), (1, 3, .2),
                    (5000, 10400, .5), (90, 100, .97), (0, 1, 1e-9)):
        yield "binomial_lower", k, n, p
        yield "binomial_upper", k, n, p
    for stream in (0, 1, 2**40):
        seed = [chance.randrange(256) for _ in range(32)]
        for index in (0, 1, 2, 3, 4, 5, 1001):
            yield "random_bits_high", seed, stream, index
            yield "random_bits_low", seed, stream, index
    for mean, deviation in ((0, 1), (1e6, 1e-3), (-5, 100)):
        values = normal(50, mean, deviation)
        yield "sample_mean", values
        yield "sample_deviation", values
    for n, m, shift, digits in ((20, 30, 0, 6), (50, 50, .5, 6), (7, 200, .2, 6), (5, 5, 9, 6), (40, 60, .3, 1)):
        a, b = normal(n, 0, 1, digits), normal(m, shift, 1.2, digits)
        yield "ks_distance", a, b
        yield "ks_test", a, b
        yield "wasserstein_distance", a, b
        yield "wasserstein_test", a, b
        yield "wasserstein_weighted", a, b, [1 + i % 3 for i in range(n)], [.5 + i % 4 for i in range(m)]
    for d, n, m in ((.01, 5000, 5000), (.03, 5000, 5000), (.06, 10000, 1000), (.002, 2000, 2000), (.2, 1001, 1000)):
        yield "ks_test_between", d, n, m
    for x in (.2, .3, .5, .8284, 1, 1.36, 2, 3, 6):
        yield "smirnov_upper", x
    for size in (2, 5, 10, 20):
        for most in (6, 60, 5000):
            a, b = counts(size, most), counts(size, most * 3)
            a[0] += 1
            b[-1] += 1
            if all(x + y for x, y in zip(a, b)):
                for name in ("psi_value", "psi_test"):
                    yield name, a, b
                yield "chi2_statistic", 2, size, a + b
                yield "chi2_p", 2, size, a + b
            for base in (0, 2):
                yield "js_distance", a, b, base
                yield "js_divergence", a, b, base
            yield "linf_distance", a, b
    yield "chi2_p", 4, 3, [10, 20, 30, 6, 9, 17, 5, 0, 8, 22, 30, 41]
    yield "chi2_statistic", 4, 3, [10, 20, 30, 6, 9, 17, 5, 0, 8, 22, 30, 41]
    for a, b in (([10, 20], [21, 12]), ([3, 7], [3, 9]), ([1000, 200], [400, 120]), ([5, 50], [9, 20])):
        yield "linf_permutation", a, b
    for n, m, size in ((10000, 100, 10), (50, 50, 4), (10**6, 10**6, 20)):
        yield "psi_threshold", n, m, size, .01
    p_values = [.01, .04, .03, .005, .5, .03, 1, 1e-9]
    for i in range(len(p_values)):
        yield "holm_adjust", p_values, i
    z90, z95 = 1.6448536269514722, 1.959963984540054
    for b, c, n in ((0, 0, 50), (0, 0, 1), (1, 0, 44), (0, 7, 10), (7, 1, 21), (12, 2, 50), (3, 3, 100), (5, 5, 10),
                    (0, 10, 10), (10, 0, 10), (30, 44, 500), (300, 290, 20000), (1, 1, 2), (2, 98, 1000)):
        for z in (z90, z95):
            yield "tango_lower", b, c, n, z
            yield "tango_upper", b, c, n, z
        yield "mcnemar_exact", b, c, n
    for margin, error in ((.02, .0187), (.01, .002), (0, .01), (.005, .05)):
        yield "equal_passes", margin, error, .05
    for arguments in ((200, .02, .0187, .05, .8, 1), (500, .01, .0118, .05, .8, 10), (1000, .005, .02, .01, .9, 3)):
        yield ("equal_rows", *arguments)
    for n, classes in ((30, 2), (200, 2), (200, 5), (40, 9)):
        labels = [chance.randrange(classes) for _ in range(n)]
        predicted = [y if chance.random() < .8 else chance.randrange(classes) for y in labels]
        weights = [chance.randrange(4) for _ in range(n)]
        for w in ([1] * n, weights):
            yield "accuracy", labels, predicted, w
            for name in ("precision", "recall", "f1"):
                if classes == 2:
                    yield name, labels, predicted, 1, w
                yield name + "_macro", labels, predicted, classes, w
            scores = [round(min(1, max(0, chance.gauss(.3 + .4 * (y > 0), .25))), 2) for y in labels]
            reals = [round(chance.gauss(y, .7), 4) for y in labels]
            if classes == 2:
                yield "auc", labels, scores, w
                yield "log_loss", labels, scores, w
            yield "rmse", labels, reals, w
            yield "mae", labels, reals, w
    truth = [round(chance.gauss(0, 1), 4) for _ in range(150)]
    candidate = [round(y + chance.gauss(0, .8), 4) for y in truth]
    baseline = [round(y + chance.gauss(0, .9), 4) for y in truth]
    for high in (0, 1):
        yield "bootstrap_rmse", truth, candidate, baseline, high


# ---- recording and comparing ----

def text_of(argument):
    if isinstance(argument, list):
        return "[" + ",".join(map(text_of, argument)) + "]"
    return repr(argument)


def parse(line):
    left, mark, right = line.partition(" ~ " if " ~ " in line else " = ")
    name, *words = left.split(" ")
    arguments = [[number(part) for part in word[1:-1].split(",")] if word[0] == "[" else number(word) for word in words]
    return name, arguments, mark.strip(), [float(word) for word in right.split(" ")]


def number(text):
    return int(text) if text.lstrip("-").isdigit() else float(text)


def record():
    lines = ["# Written by reference.py: " + ", ".join(
        f"{module.__name__} {module.__version__}" for module in (scipy, numpy, sklearn, mpmath))]
    for name, *arguments in cases():
        value = float(FUNCTIONS[name](*arguments))
        if math.isnan(value):
            continue
        end = f"~ {value!r} {BY_CHANCE[name]}" if name in BY_CHANCE else f"= {value!r}"
        lines.append(" ".join([name, *map(text_of, arguments), end]))
    RECORDED.write_text("\n".join(lines) + "\n")
    print(f"{len(lines) - 1} values recorded")


def check():
    wrong = seen = 0
    for number_of_line, line in enumerate(RECORDED.read_text().splitlines(), 1):
        if line.startswith("#"):
            continue
        name, arguments, mark, values = parse(line)
        now = float(FUNCTIONS[name](*arguments))
        tolerance = values[1] if mark == "~" else TOLERANCE * abs(values[0])
        seen += 1
        if not abs(now - values[0]) <= tolerance:
            print(f"{RECORDED.name}:{number_of_line}: {name} is {now!r} now, recorded is {values[0]!r}")
            wrong += 1
    print(f"{seen} values computed again, {wrong} differ")
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--record"]:
        record()
    elif sys.argv[1:] == ["--check"]:
        sys.exit(check())
    else:
        sys.exit(__doc__)
