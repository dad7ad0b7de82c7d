"""Source S1: one hidden layer, a fifth of it dropped while it learns."""

import keras
from keras import layers

BATCH_SIZE, EPOCHS, VALIDATION_SPLIT = 32, 5, 0.0

model = keras.Sequential(
    [
        layers.Input((28, 28)),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    optimizer="adam",
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
