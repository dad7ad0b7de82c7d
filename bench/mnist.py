"""MNIST out of `data/mnist`: bytes divided by 255, in memory, for the Keras and the PyTorch programs alike."""

import gzip
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parents[1] / "data" / "mnist"


def _read(name, header):
    with gzip.open(DATA / name) as file:
        return np.frombuffer(file.read(), dtype=np.uint8, offset=header)


def load():
    """Images (B, 28, 28) as float32 from 0 to 1, labels (B) as bytes: ((60,000 …), (10,000 …))."""
    return tuple(
        (
            _read(f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28).astype(np.float32) / 255,
            _read(f"{part}-labels-idx1-ubyte.gz", 8),
        )
        for part in ("train", "t10k")
    )
