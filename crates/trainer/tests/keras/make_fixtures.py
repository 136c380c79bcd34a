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


def digits(random, raw, inputs, black):
    """Returns noisy images with a share of black pixels and a bright spot per class, and their labels."""
    labels = random.integers(0, UNITS["output"], IMAGES)
    images = random.integers(0, 90, (IMAGES, inputs))
    if black:
        images[random.random(images.shape) < black] = 0
    for pixel in range(3):
        images[np.arange(IMAGES), labels * (inputs // UNITS["output"]) + pixel] += 160
    images = images.astype("float32")
    return images if raw else images / 255, labels.astype("int32")


def cases_of_keys():
    """Yields cases of each further key alone, of several together, and of the optimizers."""
    constraints = {
        "max_norm": {"max_norm": 0.8},
        "unit_norm": {"unit_norm": True},
        "non_neg": {"non_neg": True},
        "min_max_norm": {"min_max_norm": {"min_value": 0.7, "max_value": 0.9, "rate": 0.5}},
    }
    for name, constraint in constraints.items():
        yield f"kernel_{name}", {"hidden2": {"kernel_constraint": constraint}}, {}
    # A bias is small: its norm is about 0.3 here.
    yield "bias_max_norm", {"hidden1": {"bias_constraint": {"max_norm": 0.2}}}, {}
    yield "bias_non_neg", {"output": {"bias_constraint": {"non_neg": True}}}, {}
    yield "orthogonal", {"hidden2": {"kernel_regularizer": {"orthogonal": 0.3}}}, {}
    yield "layer_norm", {"hidden2": {"layer_norm": True}}, {}
    yield "layer_norm_both", {"hidden1": {"layer_norm": True}, "hidden2": {"layer_norm": True}}, {}
    yield "gaussian_noise", {"hidden1": {"gaussian_noise": 0.3}}, {}
    yield "gaussian_dropout", {"hidden2": {"gaussian_dropout": 0.3}}, {}
    yield "input_noise", {"input": {"gaussian_noise": 0.2, "dropout": 0.2}}, {}
    yield "label_smoothing", {}, {"variant": {"label_smoothing": 0.2}}
    yield "weight_decay", {}, {"variant": {"weight_decay": {"rate": 0.3}}}
    batch_norm = {"hidden2": {"batch_norm": True}}
    excluded = {"weight_decay": {"rate": 0.3, "exclude": ["bias", "gamma", "hidden1"]}}
    yield "weight_decay_exclude", batch_norm, {"variant": excluded}
    optimizers = {
        "momentum": {"momentum": 0.9},
        "nesterov": {"momentum": 0.8, "nesterov": True},
        "adam": {"optimizer": "adam"},
        "adam_other": {"optimizer": "adam", "beta_1": 0.7, "beta_2": 0.9, "epsilon": 0.001},
    }
    for name, fit in optimizers.items():
        # Before batch normalisation the bias of an always active unit has a gradient of 0. Adam would divide its rounding
        # by itself.
        layers = {"hidden2": {"layer_norm": True}} if name == "adam" else batch_norm
        yield name, layers, {"fit": fit}
        yield f"{name}_decay", layers, {"fit": fit, "variant": {"weight_decay": {"rate": 0.1}}}
    together = {
        "input": {"gaussian_noise": 0.1, "dropout": 0.1},
        "hidden1": {
            "batch_norm": True,
            "gaussian_noise": 0.1,
            "gaussian_dropout": 0.1,
            "dropout": 0.1,
            "kernel_constraint": {"max_norm": 1.0},
        },
        "hidden2": {
            "layer_norm": True,
            "kernel_regularizer": {"orthogonal": 0.1},
            "bias_constraint": {"min_max_norm": {"min_value": 0.1, "max_value": 0.4, "rate": 1.0}},
        },
        "output": {"kernel_constraint": {"unit_norm": True}, "bias_regularizer": L2},
    }
    variant = {"label_smoothing": 0.1, "weight_decay": {"rate": 0.05, "exclude": ["bias"]}}
    yield "together", together, {"variant": variant}
    together["hidden1"]["batch_norm"] = False
    yield "together_adam", together, {"variant": variant, "fit": {"optimizer": "adam"}}
    for name, settings, options in (
        ("small_images", {"hidden2": {"batch_norm": True}, "output": {"kernel_regularizer": BOTH}}, {}),
        ("small_images_raw", {"hidden1": {"layer_norm": True, "dropout": 0.2}}, {"raw": True}),
    ):
        yield name, settings, options | {"side": 14}
    yield "input_gaussian_dropout", {"input": {"gaussian_dropout": 0.3}}, {}
    # As black as MNIST's.
    black = {"side": 20, "black": 0.81}
    penalised = {"hidden1": {"kernel_regularizer": BOTH}, "hidden2": {"batch_norm": True}}
    yield "black_pixels", penalised, black
    yield "black_pixels_raw", {"hidden1": {"dropout": 0.2}}, black | {"raw": True}


def noise_layers(model):
    return [layer for layer in model.layers if isinstance(layer, network.GivenNoise)]


def loss_of(variant):
    return keras.losses.CategoricalCrossentropy(label_smoothing=variant.get("label_smoothing", 0))


def train(model, optimizer, images, labels, noise, masks, batch, epochs):
    """Takes Keras steps without shuffling; returns the losses and the first gradients."""
    targets = keras.utils.to_categorical(labels, UNITS["output"])
    losses, first = [], None
    for _ in range(epochs):
        for start in range(0, len(images), batch):
            x, y = images[start : start + batch], targets[start : start + batch]
            for layer in noise_layers(model):
                of_step = lambda given: given[layer.of][len(losses), : len(x)] if layer.of in given else None
                layer.added, layer.factors = of_step(noise), of_step(masks)
            with tf.GradientTape() as tape:
                loss = model.compute_loss(x, y, model(x, training=True), training=True)
            gradients = tape.gradient(loss, model.trainable_variables)
            if first is None:
                first = [gradient.numpy() for gradient in gradients]
            optimizer.apply(gradients, model.trainable_variables)
            losses.append(loss.numpy())
    return np.array(losses, "float32"), first


def write(
    name,
    settings,
    images,
    labels,
    start,
    noise,
    masks,
    units=UNITS,
    raw=False,
    side=None,  # Width and height of the images; without it, they are rows of INPUTS pixels.
    batch=BATCH,
    epochs=EPOCHS,
    variant={},
    fit={},
):
    # Adam divides by the root of squares, which amplifies the rounding of small gradients, Keras's own too.
    rate = 0.0005 if raw else 0.002 if fit.get("optimizer") == "adam" else 0.05
    optimizer = lambda: network.optimizer(model, fit, rate, variant.get("weight_decay"))
    inputs = images.shape[1]
    model = network.build(inputs, units, settings, network.GivenNoise)
    model.compile("sgd", loss=loss_of(variant), metrics=["accuracy"])
    network.load(model, start)
    losses, gradients = train(model, optimizer(), images, labels, noise, masks, batch, epochs)

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
    tensors |= {f"noise.{key}": value for key, value in noise.items()}
    if not masks and not noise:
        model = network.build(inputs, units, settings)
        model.compile(optimizer(), loss=loss_of(variant), metrics=["accuracy"])
        network.load(model, start)
        tensors["epochs"] = fit_epochs(model, images, targets, batch, epochs)
    case = {
        "inputs": inputs,
        "units": units,
        "layers": settings,
        "variant": variant,
        "fit": fit,
        "batch": batch,
        "epochs": epochs,
        "learning_rate": rate,
        "raw": raw,
    }
    if side:
        case["side"] = side
    save_file(tensors, FOLDER / f"{name}.safetensors", {"case": json.dumps(case)})
    print(f"{name}: {losses[0]:.4f} to {losses[-1]:.4f}")


def fit_epochs(model, images, targets, batch, epochs):
    """Returns the loss and accuracy that `fit` reports per epoch."""
    history = model.fit(images, targets, batch, epochs, verbose=0, shuffle=False).history
    return np.array([history["loss"], history["accuracy"]], "float32")


def random_tensors(random, settings, inputs, units, batch, epochs):
    """Draws the noise and the factors of each layer and step."""
    noise, masks = {}, {}
    widths = {"input": inputs} | units
    for layer, parts in settings.items():
        shape = (epochs * -(-IMAGES // batch), batch, widths[layer])
        factors = np.ones(shape)
        if rate := parts.get("dropout"):
            factors = (random.random(shape) >= rate) / (1 - rate)
        if rate := parts.get("gaussian_dropout"):
            factors = factors * random.normal(1, (rate / (1 - rate)) ** 0.5, shape)
        if parts.get("dropout") or parts.get("gaussian_dropout"):
            masks[layer] = factors.astype("float32")
        if deviation := parts.get("gaussian_noise"):
            noise[layer] = random.normal(0, deviation, shape).astype("float32")
    return noise, masks


def main():
    FOLDER.mkdir(exist_ok=True)
    for seed, (name, settings, options) in enumerate([*cases(), *cases_of_keys()]):
        if (FOLDER / f"{name}.safetensors").exists():
            continue
        units = options.get("units", UNITS)
        random = np.random.default_rng(seed)
        keras.utils.set_random_seed(seed)
        inputs = options["side"] ** 2 if "side" in options else INPUTS
        images, labels = digits(random, options.get("raw", False), inputs, options.pop("black", 0))
        start = network.weights(network.build(inputs, units, settings))
        # Biases away from zero, so that their penalties count from the first step.
        for key in start:
            if key.endswith((".bias", ".beta")):
                start[key] = random.normal(0, 0.1, start[key].shape).astype("float32")
        batch, epochs = options.get("batch", BATCH), options.get("epochs", EPOCHS)
        noise, masks = random_tensors(random, settings, inputs, units, batch, epochs)
        write(name, settings, images, labels, start, noise, masks, **options)


if __name__ == "__main__":
    main()
