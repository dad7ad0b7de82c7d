"""What the Keras and the PyTorch programs measure beside an epoch's seconds, for both in the same way."""

import statistics
import time

SINGLE_IMAGES = 300
BATCH_SIZE = 200  # as many as `digits` looks at together when nothing is learned


def latency_ms(predict_class, images):
    """Milliseconds from one image in memory to its class: the median of 300 images, each called for on its own."""
    seconds = []
    for i in range(SINGLE_IMAGES + 20):  # the first 20 warm up
        image = images[i : i + 1]
        begun = time.perf_counter()
        predict_class(image)
        seconds.append(time.perf_counter() - begun)
    return 1000 * statistics.median(seconds[20:])


def images_per_s(predict_all, images):
    """Images classified in a second, all of them in batches of 200: the median of three rounds after a first one."""
    seconds = []
    for _ in range(4):
        begun = time.perf_counter()
        predict_all(images, BATCH_SIZE)
        seconds.append(time.perf_counter() - begun)
    return len(images) / statistics.median(seconds[1:])


def peak_mb():
    """The most memory this process has held so far, in units of 10^6 bytes; none where the system does not say."""
    try:
        with open("/proc/self/status") as status:
            line = next(line for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return None
    return int(line.split()[1]) * 1024 / 1e6
