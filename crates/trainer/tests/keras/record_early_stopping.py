"""Writes early_stopping.json: what Keras's EarlyStopping makes of histories, for the Rust tests to repeat.

    venv/bin/python record_early_stopping.py    # the environment of make_fixtures.py
"""

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np

CASES = 200
MONITORS = ["val_loss", "val_accuracy", "loss", "accuracy"]


def one_weight_model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(loss="mse", metrics=["accuracy"])
    model.train_on_batch(np.zeros((1, 1)), np.zeros((1, 1)))  # builds the metrics
    return model


def random_case(random):
    """Draws settings and the monitored value of each epoch; None where the epoch is not validated."""
    monitor = random.choice(MONITORS)
    settings = {
        "monitor": str(monitor),
        "min_delta": float(random.choice([0, 0, 0.1, 0.2, 0.3, 0.4, 0.05, -0.1, 1e-9])),
        "patience": int(random.choice([0, 0, 1, 2, 3, 20])),
        "start_from_epoch": int(random.choice([0, 0, 0, 1, 3, 30])),
        "restore_best_weights": bool(random.integers(2)),
    }
    every = int(random.choice([1, 1, 2, 3])) if monitor.startswith("val_") else 1
    # A coarse grid makes ties; a float32 beside it differs in the last bit.
    values = np.float32(random.integers(0, 8, size=random.integers(1, 15)) / 10)
    # TensorFlow flushes the float32 beside 0 to 0.
    nudged = (random.random(len(values)) < 0.2) & (values > 0)
    values = np.where(nudged, np.nextafter(values, np.float32(1)), values)
    for value in (np.nan, np.inf):
        values = np.where(random.random(len(values)) < 0.07, np.float32(value), values)
    return settings, [float(v) if (i + 1) % every == 0 else None for i, v in enumerate(values)]


def play(model, settings, values):
    """Gives an EarlyStopping the values, and returns how it ended. The weight is the number of the epoch."""
    model.stop_training = False
    callback = keras.callbacks.EarlyStopping(**settings)
    callback.set_model(model)
    callback.on_train_begin()
    epochs = 0
    for epoch, value in enumerate(values):
        epochs = epoch + 1
        model.set_weights([np.full((1, 1), epochs)])
        callback.on_epoch_end(epoch, {} if value is None else {settings["monitor"]: value})
        if model.stop_training:
            break
    callback.on_train_end()
    monitored = callback.best is not None
    return {
        "epochs": epochs,
        "stopped": bool(model.stop_training),
        "best_epoch": callback.best_epoch + 1 if monitored else None,
        "weights_of_epoch": int(model.get_weights()[0][0, 0]),
    }


def main():
    random, model = np.random.default_rng(0), one_weight_model()
    cases = []
    for _ in range(CASES):
        settings, values = random_case(random)
        texts = [None if value is None else repr(value) for value in values]
        cases.append({"settings": settings, "values": texts, "ended": play(model, settings, values)})
    lines = ",\n".join(json.dumps(case) for case in cases)
    (Path(__file__).parent / "early_stopping.json").write_text(f"[\n{lines}\n]\n")


main()
