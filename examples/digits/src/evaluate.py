"""How often is the model right, for each digit and over all?"""
import sys

from files import read_table, write_json, write_table

LABELS = 10


def main(predictions_path, metrics_path, confusion_path):
    _, rows = read_table(predictions_path)
    confusion = [[0] * LABELS for _ in range(LABELS)]
    for _, label, predicted in rows:
        confusion[int(label)][int(predicted)] += 1
    right = [confusion[digit][digit] for digit in range(LABELS)]
    metrics = {
        "accuracy": sum(right) / len(rows),
        "digit": {str(digit): right[digit] / sum(confusion[digit]) for digit in range(LABELS)},
    }
    write_json(metrics_path, metrics)
    write_table(confusion_path, ["digit", *range(LABELS)], [[digit, *row] for digit, row in enumerate(confusion)])
    print(f"accuracy {metrics['accuracy']:.4f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
