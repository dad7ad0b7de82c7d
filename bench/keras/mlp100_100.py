"""Source S4 section 4.3, which gives neither batch nor epochs: two narrow hidden layers."""

import keras
from keras import layers

BATCH_SIZE, EPOCHS, VALIDATION_SPLIT = 32, 5, 0.0

model = keras.Sequential(
    [
        layers.Input((28, 28)),
        layers.Flatten(),
        layers.Dense(100, activation="relu"),
        layers.Dense(100, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    optimizer="adam",
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
