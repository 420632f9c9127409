"""Learn a model from a table of digits, by stochastic gradient descent in an order that the seed decides."""
import random
import sys

from files import PIXELS, read_digits, read_params, write_json
from softmax import LABELS, new_model, step


def train(images, labels, params, weights):
    model = new_model(PIXELS)
    order = list(range(len(images)))
    generator = random.Random(params["seed"])
    for epoch in range(1, params["epochs"] + 1):
        generator.shuffle(order)
        loss = sum(step(model, images[i], labels[i], params["lr"] * weights[labels[i]], params["decay"])
                   for i in order)
        print(f"epoch {epoch}: mean loss {loss / len(order):.4f}", flush=True)
    return model


def main(table, model_path):
    params = read_params("train")
    images, labels = read_digits(table)
    weights = [float(read_params("weights")[str(digit)]) for digit in range(LABELS)]
    write_json(model_path, {"weights": train(images, labels, params, weights)})


if __name__ == "__main__":
    main(*sys.argv[1:])
