"""What a model says of each row of a table, beside what is right."""
import sys

from files import read_digits, read_json, write_table
from softmax import predict


def main(model_path, table, predictions_path):
    model = read_json(model_path)["weights"]
    images, labels = read_digits(table)
    rows = [[label, predict(model, image)] for image, label in zip(images, labels)]
    write_table(predictions_path, ["id", "label", "predicted"], [[id, *row] for id, row in enumerate(rows, start=1)])


if __name__ == "__main__":
    main(*sys.argv[1:])
