"""Source S0 section 3.2.2: one convolution."""

import keras
from keras import layers

BATCH_SIZE, EPOCHS, VALIDATION_SPLIT = 32, 5, 0.0

model = keras.Sequential(
    [
        layers.Input((28, 28, 1)),
        layers.Conv2D(32, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    optimizer="adam",
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
