"""Reads MNIST from $MNIST_DIR as the notebook does: float32 images `[len, 784]`, 0 to 1, and labels 0 to 9."""

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
