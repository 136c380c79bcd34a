"""The notebook's study in Keras: trains its six models one after the other, on all cores."""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
from keras import layers, regularizers

from mnist import load

EPOCHS = int(sys.argv[2])

(x_train, y_train), (x_test, y_test) = load()
y_train, y_test = keras.utils.to_categorical(y_train), keras.utils.to_categorical(y_test)


def model(regularizer=None, batch_norm=False, dropout=False):
    model = keras.Sequential([
        keras.Input((784,)),
        layers.Dense(50, activation="relu"),
        layers.Dense(250, activation="relu", kernel_regularizer=regularizer),
    ])
    if batch_norm:
        model.add(layers.BatchNormalization())
    if dropout:
        model.add(layers.Dropout(0.2))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(keras.optimizers.SGD(0.01), "categorical_crossentropy", metrics=["accuracy"])
    return model


accuracy = {}
for variant, options in {
    "none": {},
    "l2": {"regularizer": regularizers.L2(0.01)},
    "l1": {"regularizer": regularizers.L1(0.01)},
    "dropout": {"dropout": True},
    "batch_norm": {"batch_norm": True},
    "batch_norm_dropout": {"batch_norm": True, "dropout": True},
}.items():
    keras.utils.set_random_seed(0)
    network = model(**options)
    network.fit(x_train, y_train, batch_size=1000, epochs=EPOCHS, verbose=0)
    train = network.evaluate(x_train, y_train, verbose=0)[1]
    accuracy[variant] = [train, network.evaluate(x_test, y_test, verbose=0)[1]]

print(json.dumps({"name": f"Keras {keras.__version__} on TensorFlow", "accuracy": accuracy}))
