"""Trains a model of the sources in PyTorch for two epochs and prints what the second took, as one line of JSON.

    .tools/peers/bin/python bench/torch/run.py mlp128 --seed 1

All cores, default settings, data in memory as tensors, a new order each epoch. Weights start as Keras's do, and the
optimisers have Keras's constants. With `--tuned`, what helps on some CPUs: channels last in memory, the fused form of Adam.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

import measure
import mnist
import models
import torch
from torch import nn


def epoch(model, optimizer, images, labels, batch_size):
    """One pass over the images in a new order: mean loss and accuracy while learning, read once, at its end."""
    loss_of = nn.CrossEntropyLoss()
    loss_sum, right = torch.zeros(()), torch.zeros((), dtype=torch.long)
    model.train()
    for chosen in torch.randperm(len(images)).split(batch_size):
        x, y = images[chosen], labels[chosen]
        logits = model(x)
        loss = loss_of(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(chosen)
        right += (logits.detach().argmax(1) == y).sum()
    return loss_sum.item() / len(images), right.item() / len(images)


def predict(model, images, batch_size):
    return torch.cat([model(x).argmax(1) for x in images.split(batch_size)])


parser = argparse.ArgumentParser()
parser.add_argument("model", choices=models.MODELS)
parser.add_argument("--seed", type=int, required=True)
parser.add_argument("--tuned", action="store_true")
arguments = parser.parse_args()

torch.manual_seed(arguments.seed)
(train_images, train_labels), (test_images, test_labels) = (
    (torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels.astype("int64")))
    for images, labels in mnist.load()
)  # (B, 1, 28, 28) and (B)
model = models.build(arguments.model)
if arguments.tuned:
    model = model.to(memory_format=torch.channels_last)
    train_images = train_images.to(memory_format=torch.channels_last)
    test_images = test_images.to(memory_format=torch.channels_last)
if arguments.model == "cnn_adadelta":
    batch_size, optimizer = 128, torch.optim.Adadelta(model.parameters(), lr=1.0, rho=0.95, eps=1e-7)
else:
    fused = True if arguments.tuned else None  # None: PyTorch's choice
    batch_size, optimizer = 32, torch.optim.Adam(model.parameters(), lr=0.001, eps=1e-7, fused=fused)
for _ in range(2):
    begun = time.perf_counter()
    loss, accuracy = epoch(model, optimizer, train_images, train_labels, batch_size)
    epoch_s = time.perf_counter() - begun

model.eval()
with torch.inference_mode():
    found = predict(model, test_images, measure.BATCH_SIZE)
    result = {
        "version": f"PyTorch {torch.__version__}" + (", tuned" if arguments.tuned else ""),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "epoch_s": epoch_s,
        "loss": loss,
        "accuracy": accuracy,
        "test_accuracy": (found == test_labels).float().mean().item(),
        "latency_ms": measure.latency_ms(lambda x: model(x).argmax(1).item(), test_images),
        "images_per_s": measure.images_per_s(lambda x, size: predict(model, x, size), test_images),
        "peak_mb": measure.peak_mb(),
    }
print(json.dumps(result))
