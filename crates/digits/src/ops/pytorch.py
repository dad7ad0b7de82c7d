"""Writes tests/pytorch.json: what PyTorch computes for the operations of this folder, forward and backward.

    .tools/peers/bin/python crates/digits/src/ops/pytorch.py

`tests/pytorch.rs` reads it. Every number is an f32 written with the digits that bring it back exactly.
"""

import json
import os
import pathlib

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent


def case(op, arguments, forward, **sizes):
    """One forward and one backward pass, from a random gradient of the output."""
    arguments = {name: torch.randn(shape).requires_grad_() for name, shape in arguments.items()}
    y = forward(*arguments.values())
    dy = torch.randn(y.shape)
    y.backward(dy)
    flat = lambda t: [float(f"{v:.9g}") for v in t.detach().flatten().tolist()]
    return {
        "op": op,
        **sizes,
        "output": list(y.shape),
        "arguments": [flat(t) for t in arguments.values()],
        "y": flat(y),
        "dy": flat(dy),
        "gradients": [flat(t.grad) for t in arguments.values()],
    }


def window(kernel, stride, padding):
    return {"kernel": kernel, "stride": stride, "padding": padding}


def conv2d(b, c, h, w, o, k, s, p):
    arguments = {"x": (b, c, h, w), "weight": (o, c, k, k), "bias": (o,)}
    forward = lambda x, weight, bias: F.conv2d(x, weight, bias, stride=s, padding=p)
    return case("conv2d", arguments, forward, input=[b, c, h, w], **window(k, s, p))


def pool(op, function, b, c, h, w, k, s, p):
    forward = lambda x: function(x, k, stride=s, padding=p)
    return case(op, {"x": (b, c, h, w)}, forward, input=[b, c, h, w], **window(k, s, p))


def linear(b, i, o):
    return case("linear", {"x": (b, i), "weight": (o, i), "bias": (o,)}, F.linear, input=[b, i])


def main():
    torch.manual_seed(1)
    cases = [
        conv2d(1, 1, 5, 7, 2, 3, 1, 0),
        conv2d(2, 3, 7, 4, 2, 2, 2, 1),
        conv2d(1, 2, 9, 6, 3, 5, 3, 2),
        conv2d(2, 1, 4, 5, 1, 7, 1, 3),
        conv2d(17, 2, 4, 3, 2, 1, 1, 0),
        *(
            pool(op, function, *sizes)
            for op, function in [("max_pool2d", F.max_pool2d), ("avg_pool2d", F.avg_pool2d)]
            for sizes in [
                (2, 2, 7, 5, 2, 2, 0),
                (1, 3, 6, 9, 3, 2, 1),
                (17, 1, 5, 4, 3, 1, 0),
                (1, 1, 11, 8, 7, 3, 3),
            ]
        ),
        linear(1, 5, 3),
        linear(17, 4, 6),
    ]
    text = json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":"))
    target = HERE / "tests" / "pytorch.json"
    beside = target.with_suffix(".json.part")
    beside.write_text(text.replace('{"op"', '\n{"op"').replace(',"y"', ',\n"y"').replace(',"gradients"', ',\n"gradients"') + "\n")
    os.replace(beside, target)


if __name__ == "__main__":
    main()
