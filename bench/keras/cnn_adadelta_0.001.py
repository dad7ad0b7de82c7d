"""Source S2 section 4, letter for letter: a learning rate is not given, and today's default is 0.001."""

import keras
from cnn_adadelta import BATCH_SIZE, EPOCHS, VALIDATION_SPLIT, model

model.compile(
    optimizer=keras.optimizers.Adadelta(),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
