"""The notebook's study in PyTorch: six models one after the other, on all cores, the data resident."""

import json
import sys

import torch
from torch import nn

from mnist import load

EPOCHS = int(sys.argv[1])

(x_train, y_train), (x_test, y_test) = [
    (torch.from_numpy(images), torch.from_numpy(labels)) for images, labels in load()
]


def model(batch_norm=False, dropout=False):
    layers = [nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 250), nn.ReLU()]
    if batch_norm:
        layers.append(nn.BatchNorm1d(250, eps=1e-3, momentum=0.01))
    if dropout:
        layers.append(nn.Dropout(0.2))
    layers.append(nn.Linear(250, 10))
    for layer in layers:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def accuracy_on(network, images, labels):
    network.eval()
    with torch.no_grad():
        answers = torch.cat([network(batch).argmax(1) for batch in images.split(1000)])
    return (answers == labels).float().mean().item()


accuracy = {}
for variant, penalty, options in [
    ("none", None, {}),
    ("l2", lambda weight: 0.01 * weight.square().sum(), {}),
    ("l1", lambda weight: 0.01 * weight.abs().sum(), {}),
    ("dropout", None, {"dropout": True}),
    ("batch_norm", None, {"batch_norm": True}),
    ("batch_norm_dropout", None, {"batch_norm": True, "dropout": True}),
]:
    torch.manual_seed(0)
    network = model(**options)
    optimizer = torch.optim.SGD(network.parameters(), 0.01)
    for _ in range(EPOCHS):
        network.train()
        for batch in torch.randperm(len(x_train)).split(1000):
            loss = nn.functional.cross_entropy(network(x_train[batch]), y_train[batch])
            if penalty:
                loss = loss + penalty(network[2].weight)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    accuracy[variant] = [
        accuracy_on(network, x_train, y_train),
        accuracy_on(network, x_test, y_test),
    ]

print(json.dumps({"name": f"PyTorch {torch.__version__}", "accuracy": accuracy}))
