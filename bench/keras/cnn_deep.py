"""`cnn_deep` in Keras, as source S4 section 5.2 prints it, one run.

Changed from the source: the images get the channel axis their first layer asks for, they are read from
`data/mnist` instead of downloaded, a seed is set, and what the run gave is printed as one line of JSON.

    .tools/peers/bin/python bench/keras/cnn_deep.py --seed 1
"""

import argparse
import gzip
import json
import os
import time
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
from keras import layers, models

DATA = Path(__file__).resolve().parents[2] / "data" / "mnist"


def read(name, header):
    with gzip.open(DATA / name) as file:
        return np.frombuffer(file.read(), dtype=np.uint8, offset=header)


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch, validation included."""

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.perf_counter() - self.start


parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, required=True)
parser.add_argument("--epochs", type=int, default=5)
arguments = parser.parse_args()
keras.utils.set_random_seed(arguments.seed)

train_images = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1) / 255.0
train_labels = read("train-labels-idx1-ubyte.gz", 8)
test_images = read("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1) / 255.0
test_labels = read("t10k-labels-idx1-ubyte.gz", 8)

model = models.Sequential()
model.add(layers.Input((28, 28, 1)))
model.add(layers.Conv2D(32, (3, 3), activation="relu"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(64, (3, 3), activation="relu"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(64, (3, 3), activation="relu"))
model.add(layers.Flatten())
model.add(layers.Dense(64, activation="relu"))
model.add(layers.Dense(10, activation="softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

history = model.fit(
    train_images,
    train_labels,
    epochs=arguments.epochs,
    batch_size=32,
    validation_split=0.1,
    callbacks=[Clock()],
    verbose=0,
).history
test_loss, test_accuracy = model.evaluate(test_images, test_labels, verbose=0)

import tensorflow  # named only for its version

columns = ["loss", "accuracy", "val_loss", "val_accuracy", "seconds"]
print(
    json.dumps(
        {
            "version": f"Keras {keras.__version__} on TensorFlow {tensorflow.__version__}",
            "parameters": model.count_params(),
            "seed": arguments.seed,
            "epochs": [{c: history[c][i] for c in columns} for i in range(arguments.epochs)],
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
        }
    )
)
