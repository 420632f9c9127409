"""What a model says of each row of a table, beside what is right."""
import sys

from files import read_digits, read_json, write_table
from softmax import predict


def main(model_path, table, predictions_path):
    model = read_json(model_path)["weights"]
    images, labels = read_digits(table)
    rows = [[number, label, predict(model, image)] for number, (image, label) in enumerate(zip(images, labels), start=1)]
    write_table(predictions_path, ["id", "label", "predicted"], rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
