"""PyTorch's softmax cross-entropy and its gradient, in double precision.

Writes the constants that `crates/digits/src/loss/tests.rs` compares with:

    .tools/peers/bin/python bench/reference/cross_entropy.py
"""

from pathlib import Path

import torch

LOGITS = [
    [0.5, -1.25, 2.0, 0.0, 1.5],
    [30.0, 0.0, -30.0, 1.0, 2.0],
    [1000.0, 999.0, 0.0, -1000.0, 998.5],
    [0.0, 0.0, 0.0, 0.0, 0.0],
]
TARGETS = [
    [0.0, 0.0, 1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 1.0],
    [0.6, 0.1, 0.1, 0.1, 0.1],
]

logits = torch.tensor(LOGITS, dtype=torch.float64, requires_grad=True)
targets = torch.tensor(TARGETS, dtype=torch.float64)
loss = torch.nn.functional.cross_entropy(logits, targets)
loss.backward()

rows = ",\n".join("    [" + ", ".join(repr(g) for g in row) + "]" for row in logits.grad.tolist())
here = Path(__file__).resolve()
out = here.parents[2] / "crates/digits/src/loss/pytorch.in"
out.write_text(
    f"// Written by bench/{here.parent.name}/{here.name} with PyTorch {torch.__version__.split('+')[0]}.\n"
    f"const LOSS: f64 = {loss.item()!r};\n"
    f"const GRADIENT: [[f64; 5]; 4] = [\n{rows},\n];\n"
)
print(out.name, loss.item())
