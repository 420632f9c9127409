"""How often is the model right, for each digit and over all?"""
import sys

from files import read_digits, read_json, write_json, write_table
from softmax import LABELS, predict


def main(model_path, table, metrics_path, confusion_path):
    model = read_json(model_path)["weights"]
    images, labels = read_digits(table)
    confusion = [[0] * LABELS for _ in range(LABELS)]
    for image, label in zip(images, labels):
        confusion[label][predict(model, image)] += 1
    right = [confusion[digit][digit] for digit in range(LABELS)]
    metrics = {
        "accuracy": sum(right) / len(labels),
        "digit": {str(digit): right[digit] / sum(confusion[digit]) for digit in range(LABELS)},
    }
    write_json(metrics_path, metrics)
    write_table(confusion_path, ["digit", *range(LABELS)], [[digit, *row] for digit, row in enumerate(confusion)])
    print(f"accuracy {metrics['accuracy']:.4f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
