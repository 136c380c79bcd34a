"""Trains Keras and the program from the same weights on the same images, and compares the results.

    MNIST_DIR=… python parity.py TRAINER

TRAINER is the compiled program. There is no dropout: the two would draw different masks.
"""

import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import keras
import numpy as np
from safetensors.numpy import load_file, save_file

import network

UNITS = {"hidden1": 50, "hidden2": 250, "output": 10}
DEEP = {"hidden1": 64, "hidden2": 32, "hidden3": 48, "hidden4": 16, "output": 10}
L1, L2, BOTH = {"l1": 0.001}, {"l2": 0.01}, {"l1": 0.0003, "l2": 0.002}
CASES = {
    "none": {},
    "l2": {"hidden2": {"kernel_regularizer": {"l2": 0.01}}},
    "l1": {"hidden2": {"kernel_regularizer": {"l1": 0.01}}},
    "batch_norm": {"hidden2": {"batch_norm": True}},
    "mixed": {
        "hidden1": {"activity_regularizer": L2, "bias_regularizer": L1, "batch_norm": True},
        "hidden2": {"kernel_regularizer": BOTH, "activity_regularizer": L1, "batch_norm": True},
        "output": {"bias_regularizer": BOTH, "activity_regularizer": L2},
    },
    "deep": {
        "hidden1": {"kernel_regularizer": BOTH, "batch_norm": True},
        "hidden3": {"activity_regularizer": L2},
        "hidden4": {"kernel_regularizer": L1, "batch_norm": True},
    },
    "constrained": {
        "hidden1": {"kernel_constraint": {"max_norm": 1.0}, "layer_norm": True},
        "hidden2": {"kernel_regularizer": {"orthogonal": 0.1}, "bias_constraint": {"non_neg": True}},
        "output": {"kernel_constraint": {"min_max_norm": {"min_value": 0.5, "max_value": 0.8, "rate": 0.9}}},
        "variant": {"weight_decay": {"rate": 0.1, "exclude": ["bias", "gamma"]}, "label_smoothing": 0.1},
        "fit": {"momentum": 0.8, "nesterov": True},
    },
    # Adam amplifies what one ReLU's rounding moves, the more the smaller epsilon is.
    "adam": {
        "hidden1": {"kernel_constraint": {"unit_norm": True}},
        "hidden2": {"layer_norm": True, "kernel_regularizer": L2},
        "variant": {"weight_decay": {"rate": 0.2}, "label_smoothing": 0.05},
        "fit": {"optimizer": "adam", "beta_1": 0.8, "epsilon": 0.01, "learning_rate": 0.005},
    },
}
# Few steps: a ReLU whose input is zero up to rounding may be active on one side only, which moves weights by a
# thousandth. In a whole epoch of MNIST that always happens.
IMAGES, BATCH, EPOCHS, SPLIT, RATE = 2_000, 350, 3, 0.1, 0.05


def units_of(name):
    return DEEP if name == "deep" else UNITS


def idx(name, header):
    path = Path(os.environ["MNIST_DIR"]) / name
    packed = path.with_name(name + ".gz")
    data = gzip.open(packed).read() if packed.exists() else path.read_bytes()
    return np.frombuffer(data, np.uint8, offset=header)


def digits(name):
    images = idx(f"{name}-images-idx3-ubyte", 16).reshape(-1, 784).astype("float32") / 255
    return images, keras.utils.to_categorical(idx(f"{name}-labels-idx1-ubyte", 8), 10)


def fit_of(layers):
    return {"learning_rate": RATE} | layers.get("fit", {})


def flat(prefix, value):
    """Yields a config's lines for a value, one for each key of a table."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(f"{prefix}.{key}", inner)
    else:
        yield f"{prefix} = {json.dumps(value)}"


def settings(folder, name, layers):
    """Writes the case as a config."""
    lines = ['data.sources = ["mnist"]', f"data.limit = {IMAGES}", f"data.validation_split = {SPLIT}"]
    lines += [f"fit.epochs = {EPOCHS}", f"fit.batch_size = {BATCH}", *flat("fit", fit_of(layers))]
    lines += [f"network.hidden = {list(units_of(name).values())[:-1]}"]
    lines += ["fit.shuffle = false", f'fit.weights = "{name}.safetensors"', f'variants = ["{name}"]']
    of_layers = {key: value for key, value in layers.items() if key not in ("variant", "fit")}
    lines += flat(f"variant.{name}", of_layers | layers.get("variant", {}))
    path = folder / f"{name}.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def relative_difference(found, expected):
    """Returns the norm of the difference, divided by the norm of the expected values."""
    found, expected = (np.hstack([np.ravel(part) for part in parts]) for parts in (found, expected))
    return np.linalg.norm(found.astype("float64") - expected) / np.linalg.norm(expected)


def compare(trainer, folder, name, layers, train, test):
    images, labels = train[0][:IMAGES], train[1][:IMAGES]
    model = network.build(784, units_of(name), layers)
    fit, variant = fit_of(layers), layers.get("variant", {})
    optimizer = network.optimizer(model, fit, fit.pop("learning_rate"), variant.get("weight_decay"))
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=variant.get("label_smoothing", 0))
    model.compile(optimizer, loss=loss, metrics=["accuracy"])
    save_file(network.weights(model), folder / f"{name}.safetensors")
    history = model.fit(
        images, labels, BATCH, EPOCHS, verbose=0, shuffle=False, validation_split=SPLIT
    ).history
    kept = int(IMAGES * (1 - SPLIT))
    scores = [model.evaluate(images[:kept], labels[:kept], verbose=0), model.evaluate(*test, verbose=0)]

    config = settings(folder, name, layers)
    subprocess.run([trainer, "run", config, "--out", folder / "out", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    (run,) = (folder / "out" / "runs").glob(f"{name}-seed-0-*")
    trained = load_file(run / "model.safetensors")
    rows = list(csv.DictReader((run / "history.csv").open()))
    record = json.loads((run / "run.json").read_text())

    weights = network.weights(model)
    names = {"loss": "loss", "acc": "accuracy", "val_loss": "val_loss", "val_acc": "val_accuracy"}
    results = {
        "weights": relative_difference([trained[key] for key in weights], weights.values()),
        "history": relative_difference(
            [[float(row[key]) for row in rows] for key in names], [history[names[key]] for key in names]
        ),
        "evaluate": relative_difference([record["train"]["loss"], record["test"]["loss"]], [score[0] for score in scores]),
    }
    # Keras evaluates the weights that the program trained.
    network.load(model, trained)
    in_keras = model.evaluate(*test, verbose=0)
    results["in Keras"] = relative_difference([record["test"]["loss"], record["test"]["accuracy"]], in_keras)
    return results


def main():
    trainer = Path(sys.argv[1]).resolve()
    train, test = digits("train"), digits("t10k")
    limits = {"weights": 1e-3, "history": 1e-5, "evaluate": 1e-5, "in Keras": 1e-5}
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for seed, (name, layers) in enumerate(CASES.items()):
            keras.utils.set_random_seed(seed)
            (Path(folder) / name).mkdir()
            results = compare(trainer, Path(folder) / name, name, layers, train, test)
            print(f"{name:12}" + "".join(f"  {key} {value:.1e}" for key, value in results.items()))
            failed |= any(results[key] > limit for key, limit in limits.items())
    if failed:
        sys.exit(f"the differences exceed {limits}")
    print("Keras and the program agree")


if __name__ == "__main__":
    main()
