"""The study's network in Keras, as a practitioner would write it, built from a case's settings."""

import keras
from keras import constraints, layers, regularizers

REGULARIZERS = ("kernel_regularizer", "bias_regularizer", "activity_regularizer")
CONSTRAINTS = ("kernel_constraint", "bias_constraint")
CONSTRAINT_CLASSES = {
    "max_norm": lambda value: constraints.MaxNorm(value),
    "unit_norm": lambda _: constraints.UnitNorm(),
    "non_neg": lambda _: constraints.NonNeg(),
    "min_max_norm": lambda values: constraints.MinMaxNorm(**values),
}
NOISE = ("gaussian_noise", "gaussian_dropout", "dropout")


class GivenNoise(layers.Layer):
    """Noise by given tensors, so that Keras and the program add and drop the same."""

    added = None  # [batch, units], set before each step.
    factors = None

    def __init__(self, of):
        super().__init__()
        self.of = of  # The name of the layer.

    def call(self, inputs, training=False):
        if not training:
            return inputs
        inputs = inputs if self.added is None else inputs + self.added
        return inputs if self.factors is None else inputs * self.factors


def regularizer(settings):
    if "orthogonal" in settings:
        return regularizers.OrthogonalRegularizer(settings["orthogonal"])
    return regularizers.L1L2(**settings)


def constraint(settings):
    ((name, value),) = settings.items()
    return CONSTRAINT_CLASSES[name](value)


def build(inputs, units, settings, noise=None):
    """Returns the network of `settings`: {layer: {"kernel_regularizer": {"l1": …, "l2": …}, "batch_norm": …}}.

    `units` has the layers in order: hidden1, hidden2, …, output. `noise(name)` makes a layer of all a layer's noise;
    without it, there is none.
    """
    model = keras.Sequential([keras.Input((inputs,))])
    for name in ("input", *units):
        layer = settings.get(name, {})
        if name != "input":
            arguments = {key: regularizer(layer[key]) for key in REGULARIZERS if key in layer}
            arguments |= {key: constraint(layer[key]) for key in CONSTRAINTS if key in layer}
            activation = "softmax" if name == "output" else "relu"
            model.add(layers.Dense(units[name], activation=activation, name=name, **arguments))
        if layer.get("batch_norm"):
            model.add(layers.BatchNormalization(name=f"{name}.batch_norm"))
        if layer.get("layer_norm"):
            model.add(layers.LayerNormalization(name=f"{name}.layer_norm"))
        if noise and any(layer.get(key) for key in NOISE):
            model.add(noise(name))
    return model


def optimizer(model, settings, rate, decay=None):
    """Returns the optimizer of a config's `[fit]` settings, with a variant's weight decay."""
    settings = dict(settings)
    classes = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    kind = classes[settings.pop("optimizer", "sgd")]
    made = kind(rate, weight_decay=decay["rate"] if decay else None, **settings)
    if decay and decay.get("exclude"):
        # Keras searches the variable's own name, such as `kernel`, which does not name its layer.
        is_excluded = lambda name: any(part in name for part in decay["exclude"])
        named = [(f"{layer.name}.{w.name}", w) for layer in model.layers for w in layer.weights]
        made.exclude_from_weight_decay(var_list=[w for name, w in named if is_excluded(name)])
    return made


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
