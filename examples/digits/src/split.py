"""Divide the table into one to learn from and one to test with, so that each digit has its share in both."""
import random
import sys

from files import PIXELS, read_params, read_table, write_table


def split(rows, share, seed):
    """Row numbers for training and for testing, ascending; `share` of each label's rows are for testing."""
    by_label = {}
    for index, row in enumerate(rows):
        by_label.setdefault(row[PIXELS], []).append(index)
    chosen = set()
    generator = random.Random(seed)
    for label in sorted(by_label):
        indexes = by_label[label]
        chosen.update(generator.sample(indexes, round(len(indexes) * share)))
    return [i for i in range(len(rows)) if i not in chosen], sorted(chosen)


def main(table, train_path, test_path):
    params = read_params("split")
    header, rows = read_table(table)
    train, test = split(rows, params["test"], params["seed"])
    write_table(train_path, header, [rows[i] for i in train])
    write_table(test_path, header, [rows[i] for i in test])
    print(f"{len(train)} rows to learn from, {len(test)} to test with")


if __name__ == "__main__":
    main(*sys.argv[1:])
