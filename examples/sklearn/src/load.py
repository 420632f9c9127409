"""Write the digits that scikit-learn ships as a table: 64 pixels and a label a row."""
import os
import sys

import numpy
from sklearn.datasets import load_digits

digits = load_digits()
header = ",".join([*digits.feature_names, "label"])
rows = numpy.column_stack([digits.data, digits.target]).astype(int)
os.makedirs(os.path.dirname(sys.argv[1]), exist_ok=True)
numpy.savetxt(sys.argv[1], rows, fmt="%d", delimiter=",", header=header, comments="")
