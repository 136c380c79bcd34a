"""Writes fixtures/*.safetensors: training recorded from Keras, step by step, for the Rust tests to repeat.

    python3 -m venv venv && venv/bin/pip install --requirement requirements.txt
    venv/bin/python make_fixtures.py

Fixtures that exist are never written again.
"""

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

import network

FOLDER = Path(__file__).parent / "fixtures"
INPUTS = 12
UNITS = {"hidden1": 9, "hidden2": 7, "output": 4}
IMAGES = 52
BATCH = 16  # The fourth batch of an epoch has 4 images.
EPOCHS = 8  # 32 steps.

L1, L2, BOTH = {"l1": 0.01}, {"l2": 0.01}, {"l1": 0.003, "l2": 0.02}


def cases():
    """Yields name, settings by layer, and other arguments of `write`."""
    yield "none", {}, {}
    yield "l2", {"hidden2": {"kernel_regularizer": L2}}, {}
    yield "l1", {"hidden2": {"kernel_regularizer": L1}}, {}
    yield "dropout", {"hidden2": {"dropout": 0.2}}, {}
    yield "batch_norm", {"hidden2": {"batch_norm": True}}, {}
    yield "batch_norm_dropout", {"hidden2": {"batch_norm": True, "dropout": 0.2}}, {}
    for layer in UNITS:
        for key in network.REGULARIZERS:
            for name, penalty in (("l1", L1), ("l2", L2), ("l1_l2", BOTH)):
                yield f"{layer}_{key}_{name}", {layer: {key: penalty}}, {}
    yield "batch_norm_first", {"hidden1": {"batch_norm": True}}, {}
    yield "batch_norm_both", {"hidden1": {"batch_norm": True}, "hidden2": {"batch_norm": True}}, {}
    yield "dropout_both", {"hidden1": {"dropout": 0.5}, "hidden2": {"dropout": 0.3}}, {}
    everything = {key: BOTH for key in network.REGULARIZERS}
    everything_hidden = everything | {"batch_norm": True, "dropout": 0.25}
    yield (
        "everything",
        {"hidden1": everything_hidden, "hidden2": everything_hidden, "output": everything},
        {},
    )
    yield "raw_none", {}, {"raw": True}
    yield "raw_batch_norm", {"hidden2": {"batch_norm": True}}, {"raw": True}
    yield "raw_elastic", {"hidden2": {"kernel_regularizer": BOTH}}, {"raw": True}
    yield "one_batch", {"hidden2": {"batch_norm": True}}, {"batch": 64, "epochs": 32}
    for depth in (1, 3, 4):
        hidden = [f"hidden{number + 1}" for number in range(depth)]
        units = dict(zip(hidden, (9, 7, 8, 6))) | {"output": UNITS["output"]}
        of_hidden = lambda settings: {layer: settings for layer in hidden}
        yield f"depth{depth}_none", {}, {"units": units}
        yield (
            f"depth{depth}_everything",
            of_hidden(everything_hidden) | {"output": everything},
            # Normalising four images several times over amplifies float32's rounding, Keras's own too.
            {"units": units, "batch": 26, "epochs": 16},
        )
        if depth > 1:
            penalised = of_hidden({"kernel_regularizer": BOTH}) | {hidden[0]: {"batch_norm": True}}
            yield f"depth{depth}_mixed", penalised, {"units": units}


def digits(random, raw):
    """Returns noisy images with a bright spot per class, and their labels."""
    labels = random.integers(0, UNITS["output"], IMAGES)
    images = random.integers(0, 90, (IMAGES, INPUTS))
    for pixel in range(3):
        images[np.arange(IMAGES), labels * 3 + pixel] += 160
    images = images.astype("float32")
    return images if raw else images / 255, labels.astype("int32")


def mask_layers(model):
    return [layer for layer in model.layers if isinstance(layer, network.GivenDropout)]


def train(model, images, labels, masks, batch, epochs, rate):
    """Takes Keras steps without shuffling; returns the losses and the first gradients."""
    optimizer = keras.optimizers.SGD(rate)
    targets = keras.utils.to_categorical(labels, UNITS["output"])
    losses, first = [], None
    for _ in range(epochs):
        for start in range(0, len(images), batch):
            x, y = images[start : start + batch], targets[start : start + batch]
            for layer, name in zip(mask_layers(model), masks):
                layer.given = masks[name][len(losses), : len(x)]
            with tf.GradientTape() as tape:
                loss = model.compute_loss(x, y, model(x, training=True), training=True)
            gradients = tape.gradient(loss, model.trainable_variables)
            if first is None:
                first = [gradient.numpy() for gradient in gradients]
            optimizer.apply(gradients, model.trainable_variables)
            losses.append(loss.numpy())
    return np.array(losses, "float32"), first


def write(name, settings, images, labels, start, masks, units=UNITS, raw=False, batch=BATCH, epochs=EPOCHS):
    rate = 0.0005 if raw else 0.05
    model = network.build(INPUTS, units, settings, lambda rate: network.GivenDropout())
    model.compile("sgd", loss="categorical_crossentropy", metrics=["accuracy"])
    network.load(model, start)
    losses, gradients = train(model, images, labels, masks, batch, epochs, rate)

    final = network.weights(model)
    targets = keras.utils.to_categorical(labels, UNITS["output"])
    score = model.evaluate(images, targets, batch_size=batch, verbose=0)
    tensors = {"images": images, "labels": labels, "losses": losses}
    tensors |= {"evaluate": np.array(score, "float32")}
    tensors |= {f"start.{key}": value for key, value in start.items()}
    tensors |= {f"final.{key}": value for key, value in final.items()}
    names = [f"{weight.path.split('/')[-2]}.{weight.name}" for weight in model.trainable_variables]
    tensors |= {f"gradient.{key}": value for key, value in zip(names, gradients)}
    tensors |= {f"mask.{key}": value for key, value in masks.items()}
    if not masks:
        tensors["epochs"] = fit(units, settings, images, targets, start, batch, epochs, rate)
    case = {
        "inputs": INPUTS,
        "units": units,
        "layers": settings,
        "batch": batch,
        "epochs": epochs,
        "learning_rate": rate,
        "raw": raw,
    }
    save_file(tensors, FOLDER / f"{name}.safetensors", {"case": json.dumps(case)})
    print(f"{name}: {losses[0]:.4f} to {losses[-1]:.4f}")


def fit(units, settings, images, targets, start, batch, epochs, rate):
    """Returns the loss and accuracy that `fit` reports per epoch."""
    model = network.build(INPUTS, units, settings)
    sgd = keras.optimizers.SGD(rate)
    model.compile(sgd, loss="categorical_crossentropy", metrics=["accuracy"])
    network.load(model, start)
    history = model.fit(images, targets, batch, epochs, verbose=0, shuffle=False).history
    return np.array([history["loss"], history["accuracy"]], "float32")


def main():
    FOLDER.mkdir(exist_ok=True)
    for seed, (name, settings, options) in enumerate(cases()):
        if (FOLDER / f"{name}.safetensors").exists():
            continue
        units = options.get("units", UNITS)
        random = np.random.default_rng(seed)
        keras.utils.set_random_seed(seed)
        images, labels = digits(random, options.get("raw", False))
        start = network.weights(network.build(INPUTS, units, settings))
        # Biases away from zero, so that their penalties count from the first step.
        for key in start:
            if key.endswith((".bias", ".beta")):
                start[key] = random.normal(0, 0.1, start[key].shape).astype("float32")
        masks = {}
        for layer, parts in settings.items():
            if rate := parts.get("dropout"):
                batch = options.get("batch", BATCH)
                shape = (options.get("epochs", EPOCHS) * -(-IMAGES // batch), batch, units[layer])
                masks[layer] = ((random.random(shape) >= rate) / (1 - rate)).astype("float32")
        write(name, settings, images, labels, start, masks, **options)


if __name__ == "__main__":
    main()
