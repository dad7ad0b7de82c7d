"""Twelve steps of Keras's own optimisers on six parameters.

Writes the constants that `crates/digits/src/optim/tests.rs` compares with:

    .tools/peers/bin/python bench/reference/keras_optimizers.py
"""

import math
import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np

STEPS = 12
START = np.array([0.5, 1.0, -0.25, 0.1, 2.0, -1.0], dtype=np.float32)
# Always zero; near the epsilon; tiny; ordinary; large; one single push.
GRADIENTS = np.array(
    [
        [0.0, 1e-7 * (1 + t % 3), 1e-5, math.sin(t), 100.0 * math.cos(t), 1.0 if t == 4 else 0.0]
        for t in range(1, STEPS + 1)
    ],
    dtype=np.float32,
)
OPTIMISERS = {
    "ADAM": keras.optimizers.Adam(),
    "ADAM_OTHER": keras.optimizers.Adam(learning_rate=0.05, beta_1=0.7, beta_2=0.9, epsilon=1e-3),
    "ADADELTA": keras.optimizers.Adadelta(learning_rate=1.0),
    "ADADELTA_OTHER": keras.optimizers.Adadelta(learning_rate=0.5, rho=0.8, epsilon=1e-4),
    "GRADIENT_DESCENT": keras.optimizers.SGD(learning_rate=0.1),
}
# Muon needs a matrix, 2 x 3, and one that is not nearly singular: half the start, and waves. Its vector is as long.
WAVES = np.array(
    [[math.sin(1.3 * t + i * i) * (1 + i) for i in range(len(START))] for t in range(1, STEPS + 1)], dtype=np.float32
)
MUON = {"learning_rate": 0.1, "momentum": 0.75, "ns_steps": 5, "adam_lr_ratio": 0.1, "adam_beta_1": 0.8, "adam_beta_2": 0.95}


def constant(name, rows):
    lines = ",\n".join("    [" + ", ".join(repr(float(x)) for x in row) + "]" for row in rows)
    return f"pub const {name}: [[f64; {len(START)}]; {len(rows)}] = [\n{lines},\n];\n"


here = Path(__file__).resolve()
text = f"// Written by bench/{here.parent.name}/{here.name} with Keras {keras.__version__} on {keras.backend.backend()}.\n"
text += constant("START", [START]) + constant("GRADIENTS", GRADIENTS)
for name, optimiser in OPTIMISERS.items():
    variable = keras.Variable(START)
    after = []
    for gradient in GRADIENTS:
        optimiser.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        after.append(keras.ops.convert_to_numpy(variable).copy())
    text += constant(name, after)
text += constant("WAVES", WAVES)
for name, shape in {"MUON": (2, 3), "MUON_OF_A_VECTOR": (6,)}.items():
    optimiser = keras.optimizers.Muon(**MUON, rms_rate=None, weight_decay=None, adam_weight_decay=None)
    variable = keras.Variable(START.reshape(shape))
    after = []
    for gradient in WAVES:
        optimiser.apply([keras.ops.convert_to_tensor(gradient.reshape(shape))], [variable])
        after.append(keras.ops.convert_to_numpy(variable).flatten())
    text += constant(name, after)
(here.parents[2] / "crates/digits/src/optim/keras.in").write_text(text)
