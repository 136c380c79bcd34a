"""The study's network in Keras, as a practitioner would write it, built from a case's settings."""

import keras
from keras import layers, regularizers

REGULARIZERS = ("kernel_regularizer", "bias_regularizer", "activity_regularizer")


class GivenDropout(layers.Layer):
    """Dropout by a given mask, so that Keras and the program drop the same units."""

    given = None  # [batch, units], set before each step.

    def call(self, inputs, training=False):
        return inputs * self.given if training and self.given is not None else inputs


def build(inputs, units, settings, dropout=None):
    """Returns the network of `settings`: {layer: {"kernel_regularizer": {"l1": …, "l2": …}, "batch_norm": …}}.

    `units` has the layers in order: hidden1, hidden2, …, output. `dropout(rate)` makes a dropout layer; without it,
    there is none.
    """
    model = keras.Sequential([keras.Input((inputs,))])
    for name in units:
        layer = settings.get(name, {})
        penalties = {key: regularizers.L1L2(**layer[key]) for key in REGULARIZERS if key in layer}
        activation = "softmax" if name == "output" else "relu"
        model.add(layers.Dense(units[name], activation=activation, name=name, **penalties))
        if layer.get("batch_norm"):
            model.add(layers.BatchNormalization(name=f"{name}.batch_norm"))
        if layer.get("dropout") and dropout:
            model.add(dropout(layer["dropout"]))
    return model


def named(layer):
    """Returns whether model.safetensors has the weights of a layer."""
    return layer.name.startswith(("hidden", "output"))


def weights(model):
    """Returns the model's weights by their names in model.safetensors."""
    found = {}
    for layer in model.layers:
        for weight in layer.weights:
            if named(layer):
                found[f"{layer.name}.{weight.name}"] = weight.numpy()
    return found


def load(model, tensors):
    """Loads the tensors of a model.safetensors into the model."""
    for layer in model.layers:
        for weight in layer.weights:
            if named(layer):
                weight.assign(tensors[f"{layer.name}.{weight.name}"])
