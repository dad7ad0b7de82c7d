"""One run of a model of the sources in Keras: trains it as its program says, tests it, prints one line of JSON.

    .tools/peers/bin/python bench/keras/run.py mlp128 --seed 1
    .tools/peers/bin/python bench/keras/run.py mlp128 --seed 1 --bench

The program is the file of the model's name beside this one: `model`, built and compiled, and how it is fitted.
Changed from the sources: images are read from `data/mnist` instead of downloaded, and a seed is set.
With `--bench`, two epochs of all 60,000 images, of which the second counts, and then what classifying takes.
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
import measure
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


def fit(program, images, labels, epochs, validation_split):
    """What each epoch gave; None for what was not measured."""
    history = program["model"].fit(
        images_for(program["model"], images),
        labels,
        batch_size=program["BATCH_SIZE"],
        epochs=epochs,
        validation_split=validation_split,
        callbacks=[Clock()],
        verbose=0,
    ).history
    columns = ["loss", "accuracy", "val_loss", "val_accuracy", "seconds"]
    rows = zip(*(history.get(column, [None] * len(history["loss"])) for column in columns))
    return [dict(zip(columns, row)) for row in rows]


def inference(model, images):
    """What classifying takes once the model is trained."""
    images = images_for(model, images)
    return {
        "latency_ms": measure.latency_ms(lambda x: model.predict_on_batch(x).argmax(1), images),
        "images_per_s": measure.images_per_s(
            lambda x, size: model.predict(x, batch_size=size, verbose=0).argmax(1), images
        ),
        "peak_mb": measure.peak_mb(),
    }


parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--seed", type=int, required=True)
parser.add_argument("--epochs", type=int, help="instead of as many as the program says")
parser.add_argument("--bench", action="store_true")
arguments = parser.parse_args()

train, test = mnist.load()
keras.utils.set_random_seed(arguments.seed)
program = runpy.run_path(str(HERE / f"{arguments.model}.py"))
model = program["model"]
if arguments.bench:
    epochs = fit(program, *train, epochs=2, validation_split=0.0)
else:
    epochs = fit(program, *train, arguments.epochs or program["EPOCHS"], program["VALIDATION_SPLIT"])
test_loss, test_accuracy = model.evaluate(images_for(model, test[0]), test[1], verbose=0)
result = {
    "version": f"Keras {keras.__version__} on TensorFlow {tensorflow.__version__}",
    "parameters": model.count_params(),
    "seed": arguments.seed,
    "test_loss": test_loss,
    "test_accuracy": test_accuracy,
}
if arguments.bench:
    result |= {"epoch_s": epochs[-1]["seconds"], **inference(model, test[0])}
else:
    result |= {"epochs": epochs}
print(json.dumps(result))
