"""One run of a model of the sources in Keras: trains it as its program says, tests it, prints one line of JSON.

    .tools/peers/bin/python bench/keras/run.py mlp128 --seed 1

The program is the file of the model's name beside this one: `model`, built and compiled, and how it is fitted.
Changed from the sources: images are read from `data/mnist` instead of downloaded, and a seed is set.
"""

import argparse
import json
import os
import runpy
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import mnist
import tensorflow  # named only for its version


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch, validation included."""

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.perf_counter() - self.start


def images_for(model, images):
    """A convolution asks for a channel axis, (B, 28, 28, 1), which MNIST's arrays do not have."""
    return images.reshape(-1, *model.input_shape[1:])


parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--seed", type=int, required=True)
parser.add_argument("--epochs", type=int, help="instead of as many as the program says")
arguments = parser.parse_args()

(train_images, train_labels), (test_images, test_labels) = mnist.load()
keras.utils.set_random_seed(arguments.seed)
program = runpy.run_path(str(HERE / f"{arguments.model}.py"))
model = program["model"]
history = model.fit(
    images_for(model, train_images),
    train_labels,
    batch_size=program["BATCH_SIZE"],
    epochs=arguments.epochs or program["EPOCHS"],
    validation_split=program["VALIDATION_SPLIT"],
    callbacks=[Clock()],
    verbose=0,
).history
test_loss, test_accuracy = model.evaluate(images_for(model, test_images), test_labels, verbose=0)

columns = ["loss", "accuracy", "val_loss", "val_accuracy", "seconds"]
epochs = zip(*(history.get(column, [None] * len(history["loss"])) for column in columns))
print(
    json.dumps(
        {
            "version": f"Keras {keras.__version__} on TensorFlow {tensorflow.__version__}",
            "parameters": model.count_params(),
            "seed": arguments.seed,
            "epochs": [dict(zip(columns, epoch)) for epoch in epochs],
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
        }
    )
)
