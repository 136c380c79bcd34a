"""MNIST from $MNIST_DIR, as the notebook has it: images 0-1 in rows of 784, labels 0-9."""

import gzip
import os

import numpy as np


def idx(name, offset):
    with gzip.open(os.path.join(os.environ["MNIST_DIR"], name + ".gz")) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


def split(name):
    images = idx(name + "-images-idx3-ubyte", 16).reshape(-1, 784)
    return images.astype(np.float32) / 255, idx(name + "-labels-idx1-ubyte", 8).astype(np.int64)


def load():
    return split("train"), split("t10k")
