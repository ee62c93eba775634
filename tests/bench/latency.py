"""From a sample written to the webhook received, with a strategy every 10 seconds.

    python tests/bench/latency.py [SAMPLES]

Each sample is of a series of its own and is written at another moment of the
interval. The store shows a sample about a second after it was written; the rest is
the wait for the tick, and ours.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.journeys.test_road import SET_UP, push  # noqa: E402
from tests.servers import wait_for  # noqa: E402
from tests.stack import Stack, running_stack, webhook  # noqa: E402

EVERY_S = 3.7  # does not divide the interval, so that all of its moments are hit


def main(samples: int) -> None:
    """Print the median and the 99th percentile."""
    with (
        tempfile.TemporaryDirectory() as folder,
        webhook() as hook,
        running_stack(Path(folder)) as stack,
    ):
        written = write(stack, stack.shell(SET_UP.format(url=hook.url)), samples)
        wait_for(lambda: len(hook.got) >= samples, what="all messages", timeout_s=60)
    took = sorted(
        at - written[message["labels"]["room"]]
        for message, at in zip(hook.got, hook.at, strict=True)
    )
    print(
        f"sample to webhook, {samples} samples: median {statistics.median(took):.1f} s, "
        f"99th percentile {took[min(len(took) - 1, int(len(took) * 0.99))]:.1f} s, "
        f"least {took[0]:.1f} s"
    )


def write(stack: Stack, secret: str, samples: int) -> dict[str, float]:
    """Write the samples one by one; return when each was, by its room."""
    written: dict[str, float] = {}
    for number in range(samples):
        push(stack, secret, f'temperature{{room="r{number}"}} 95\n')
        written[f"r{number}"] = time.time()
        time.sleep(EVERY_S)
    return written


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
