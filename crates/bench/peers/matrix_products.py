"""Times the matrix products of one epoch of `none`, by PyTorch with MKL on one core; prints the median in seconds."""

import json
import statistics
import time

import torch

BATCH, BATCHES, REPEATS = 1000, 60, 5
torch.set_num_threads(1)

x, h1, h2 = torch.rand(BATCH, 784), torch.rand(BATCH, 50), torch.rand(BATCH, 250)
w1, w2, w3 = torch.rand(784, 50), torch.rand(50, 250), torch.rand(250, 10)
d1, d2, d3 = torch.rand(BATCH, 50), torch.rand(BATCH, 250), torch.rand(BATCH, 10)
products = [
    (x, w1), (h1, w2), (h2, w3),  # forward
    (h2.t(), d3), (d3, w3.t()), (h1.t(), d2), (d2, w2.t()), (x.t(), d1),  # backward
]
results = [torch.empty(left.shape[0], right.shape[1]) for left, right in products]


def epoch():
    start = time.perf_counter()
    for _ in range(BATCHES):
        for (left, right), result in zip(products, results):
            torch.mm(left, right, out=result)
    return time.perf_counter() - start


epoch()
print(json.dumps(statistics.median(epoch() for _ in range(REPEATS))))
