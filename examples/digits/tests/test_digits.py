import math
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "src"))

from files import read_params, read_table, write_table
from softmax import LABELS, new_model, predict, probabilities, step
from split import split


class Softmax(unittest.TestCase):
    def test_probabilities_sum_to_one_even_for_large_scores(self):
        model = new_model(2)
        model[3] = [1e4, -1e4, 5.0]
        chances = probabilities(model, [1.0, 0.0])
        self.assertAlmostEqual(sum(chances), 1.0)
        self.assertEqual(predict(model, [1.0, 0.0]), 3)

    def test_a_new_model_knows_nothing(self):
        for chance in probabilities(new_model(4), [0.5] * 4):
            self.assertAlmostEqual(chance, 1 / LABELS)

    def test_step_follows_the_gradient(self):
        image, label, rate, small = [0.25, 1.0], 2, 1e-3, 1e-6
        model = [[0.1 * row - 0.02 * column for column in range(3)] for row in range(LABELS)]
        stepped = [list(weights) for weights in model]
        before = step(stepped, image, label, rate, 0.0)
        for row in range(LABELS):
            for column in range(3):
                nudged = [list(weights) for weights in model]
                nudged[row][column] += small
                slope = (-math.log(probabilities(nudged, image)[label]) - before) / small
                self.assertAlmostEqual(stepped[row][column] - model[row][column], -rate * slope, places=7)

    def test_steps_lower_the_loss(self):
        model = new_model(2)
        losses = [step(model, [1.0, 0.5], 7, 0.5, 0.0) for _ in range(20)]
        self.assertEqual(losses, sorted(losses, reverse=True))
        self.assertEqual(predict(model, [1.0, 0.5]), 7)


class Split(unittest.TestCase):
    rows = [["0"] * 64 + [str(index % 10)] for index in range(200)]

    def test_every_row_is_in_one_part(self):
        train, test = split(self.rows, 0.25, 1)
        self.assertEqual(sorted(train + test), list(range(200)))

    def test_each_label_has_its_share(self):
        _, test = split(self.rows, 0.25, 1)
        for label in range(10):
            self.assertEqual(sum(index % 10 == label for index in test), 5)

    def test_the_seed_decides(self):
        self.assertEqual(split(self.rows, 0.25, 1), split(self.rows, 0.25, 1))
        self.assertNotEqual(split(self.rows, 0.25, 1), split(self.rows, 0.25, 2))


class Files(unittest.TestCase):
    def test_a_table_reads_back(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "new", "table.csv")
            write_table(path, ["a", "b"], [["1", "2"], ["3", "4"]])
            self.assertEqual(read_table(path), (["a", "b"], [["1", "2"], ["3", "4"]]))

    def test_params(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "params.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write("one:\n  a: 1\ntwo:  # numbers\n  a: 0.5\n  b: -3\n")
            self.assertEqual(read_params("two", path), {"a": 0.5, "b": -3})
            self.assertRaises(SystemExit, read_params, "three", path)


if __name__ == "__main__":
    unittest.main()
