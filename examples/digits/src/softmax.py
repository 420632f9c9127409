"""Softmax regression: ten linear scores, one for each digit, and the gradient step that improves them."""
import math
import operator

LABELS = 10


def new_model(pixels):
    """Ten rows of weights, the bias last."""
    return [[0.0] * (pixels + 1) for _ in range(LABELS)]


def probabilities(model, image):
    scores = [sum(map(operator.mul, weights, image)) + weights[-1] for weights in model]
    highest = max(scores)
    powers = [math.exp(score - highest) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def predict(model, image):
    scores = [sum(map(operator.mul, weights, image)) + weights[-1] for weights in model]
    return scores.index(max(scores))


def step(model, image, label, rate, decay):
    """One step of gradient descent on one image; the cross entropy before it. `decay` shrinks weights, not the bias."""
    chances = probabilities(model, image)
    keep = 1 - rate * decay
    for digit, chance in enumerate(chances):
        slope = rate * ((digit == label) - chance)
        weights = model[digit]
        bias = weights[-1] + slope
        model[digit] = [keep * weight + slope * value for weight, value in zip(weights, image)]
        model[digit].append(bias)
    return -math.log(max(chances[label], 1e-300))
