"""Source S3 section 4: two wide hidden layers."""

import keras
from keras import layers

BATCH_SIZE, EPOCHS, VALIDATION_SPLIT = 32, 10, 0.1

model = keras.Sequential(
    [
        layers.Input((28, 28)),
        layers.Flatten(),
        layers.Dense(512, activation="relu"),
        layers.Dense(256, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
