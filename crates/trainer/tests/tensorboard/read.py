"""Compares event files, read by TensorBoard's own reader, with history.csv and the trained weights.

Usage: read.py TRAINER. Trains on the synthetic data set; `just tensorboard` calls it.
"""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

TRAINER = Path(sys.argv[1]).resolve()
SETTINGS = ["output.tensorboard=true", "data.validation_split=0.2", 'variants=["l1","batch_norm"]']
SIZES = {"histograms": 0, "scalars": 0}  # everything


def train(out, epochs):
    settings = [part for setting in [*SETTINGS, f"fit.epochs={epochs}"] for part in ("--set", setting)]
    subprocess.run([TRAINER, "run", "smoke", "--quiet", "--out", out, *settings], check=True, stdout=subprocess.DEVNULL)


def run_of(folder, variant, epochs):
    runs = Path(folder).glob(f"runs/{variant}-seed-0-*")
    (run,) = (run for run in runs if json.loads((run / "inputs.json").read_text())["fit.epochs"] == epochs)
    return run


def check(run, epochs):
    events = EventAccumulator(str(run), size_guidance=SIZES).Reload()
    with open(run / "history.csv") as file:
        history = list(csv.DictReader(file))
    assert len(history) == epochs
    for tag in ["loss", "acc", "val_loss", "val_acc"]:
        scalars = events.Scalars(tag)
        assert [scalar.step for scalar in scalars] == list(range(1, epochs + 1)), (tag, scalars)
        expected = [float(row[tag]) for row in history]
        np.testing.assert_allclose([scalar.value for scalar in scalars], expected, atol=1e-6, rtol=1e-6)
    weights = load_file(run / "model.safetensors")
    assert set(events.Tags()["histograms"]) == set(weights)
    for name, tensor in weights.items():
        histograms = events.Histograms(name)
        assert [histogram.step for histogram in histograms] == list(range(1, epochs + 1))
        found = histograms[-1].histogram_value
        assert found.num == tensor.size == sum(found.bucket), name
        bounds = [found.min, found.max, found.sum, found.sum_squares]
        exact = tensor.astype(np.float64)
        np.testing.assert_allclose(bounds, [exact.min(), exact.max(), exact.sum(), (exact**2).sum()], rtol=1e-9)
        if found.max > found.min:
            edges = [found.min, *found.bucket_limit]
            counts, _ = np.histogram(exact, bins=edges)
            np.testing.assert_array_equal(found.bucket, counts)


with tempfile.TemporaryDirectory() as folder:
    # Two epochs, then two more in another run, whose file continues the first one's.
    for epochs in [2, 4]:
        train(folder, epochs)
        for variant in ["l1", "batch_norm"]:
            check(run_of(folder, variant, epochs), epochs)
    # A run trained again writes its epochs a second time: the later values count.
    run = run_of(folder, "l1", 4)
    for file in ["run.json", "state.safetensors"]:
        (run / file).unlink()
    train(folder, 4)
    check(run, 4)
print("TensorBoard reads what was trained")
