"""A study in PyTorch: trains its models one after the other, with the data set in memory.

    python pytorch_study.py STUDY EPOCHS PART PARTS

STUDY is `mnist`, the notebook's study, or `overfit`. PART, from 0, is the index of this process among PARTS
processes, which share the models. A single process uses all cores for `mnist` and one thread for `overfit`; each of
several processes uses one thread.
"""

import json
import sys
import time

import torch
from torch import nn

from mnist import load

STUDIES = {
    "mnist": {"images": 60_000, "batch": 1000, "learning_rate": 0.01, "l1": 0.01, "dropout": 0.2},
    "overfit": {"images": 1000, "batch": 50, "learning_rate": 0.1, "l1": 0.001, "dropout": 0.5},
}
STUDY, (EPOCHS, PART, PARTS) = STUDIES[sys.argv[1]], map(int, sys.argv[2:5])
if PARTS > 1 or sys.argv[1] == "overfit":
    torch.set_num_threads(1)

(x_train, y_train), (x_test, y_test) = [
    (torch.from_numpy(images), torch.from_numpy(labels)) for images, labels in load()
]
x_train, y_train = x_train[: STUDY["images"]], y_train[: STUDY["images"]]


def model(batch_norm=False, dropout=False):
    layers = [nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 250), nn.ReLU()]
    if batch_norm:
        layers.append(nn.BatchNorm1d(250, eps=1e-3, momentum=0.01))
    if dropout:
        layers.append(nn.Dropout(STUDY["dropout"]))
    layers.append(nn.Linear(250, 10))
    for layer in layers:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def accuracy_on(network, images, labels):
    network.eval()
    with torch.no_grad():
        predictions = torch.cat([network(batch).argmax(1) for batch in images.split(1000)])
    return (predictions == labels).float().mean().item()


VARIANTS = [
    ("none", None, {}),
    ("l2", lambda weight: 0.01 * weight.square().sum(), {}),
    ("l1", lambda weight: STUDY["l1"] * weight.abs().sum(), {}),
    ("dropout", None, {"dropout": True}),
    ("batch_norm", None, {"batch_norm": True}),
    ("batch_norm_dropout", None, {"batch_norm": True, "dropout": True}),
]
accuracy, fit_seconds = {}, {}
for variant, penalty, options in VARIANTS[PART::PARTS]:
    torch.manual_seed(0)
    network = model(**options)
    optimizer = torch.optim.SGD(network.parameters(), STUDY["learning_rate"])
    start = time.perf_counter()
    for _ in range(EPOCHS):
        network.train()
        for batch in torch.randperm(len(x_train)).split(STUDY["batch"]):
            loss = nn.functional.cross_entropy(network(x_train[batch]), y_train[batch])
            if penalty:
                loss = loss + penalty(network[2].weight)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    fit_seconds[variant] = time.perf_counter() - start
    accuracy[variant] = [
        accuracy_on(network, x_train, y_train),
        accuracy_on(network, x_test, y_test),
    ]

name = f"PyTorch {torch.__version__}"
print(json.dumps({"name": name, "accuracy": accuracy, "fit_seconds": fit_seconds}))
