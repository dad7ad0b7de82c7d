"""The sources' models in PyTorch: the layers of `bench/keras`, channels before rows and columns."""

from torch import nn


def conv_pool(channels, filters):
    return [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]


def dense(inputs, outputs, *after):
    return [nn.Linear(inputs, outputs), nn.ReLU(), *after]


def cnn_adadelta():
    convolutions = [nn.Conv2d(1, 32, 3), nn.ReLU(), *conv_pool(32, 64), nn.Dropout(0.25), nn.Flatten()]
    return [*convolutions, *dense(9216, 128, nn.Dropout(0.5)), nn.Linear(128, 10)]


def cnn_deep():
    convolutions = [*conv_pool(1, 32), *conv_pool(32, 64), nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten()]
    return [*convolutions, *dense(576, 64), nn.Linear(64, 10)]


MODELS = {
    "mlp128": lambda: [nn.Flatten(), *dense(784, 128), nn.Linear(128, 10)],
    "mlp128_dropout": lambda: [nn.Flatten(), *dense(784, 128, nn.Dropout(0.2)), nn.Linear(128, 10)],
    "mlp512_256": lambda: [nn.Flatten(), *dense(784, 512), *dense(512, 256), nn.Linear(256, 10)],
    "mlp100_100": lambda: [nn.Flatten(), *dense(784, 100), *dense(100, 100), nn.Linear(100, 10)],
    "cnn_small": lambda: [*conv_pool(1, 32), nn.Flatten(), *dense(5408, 64), nn.Linear(64, 10)],
    "cnn_deep": cnn_deep,
    "cnn_adadelta": cnn_adadelta,
}


def build(name):
    """The model called `name`, its weights drawn as Keras draws them: Glorot's uniform ones, biases zero."""
    model = nn.Sequential(*MODELS[name]())
    for layer in model:
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return model
