"""How long reading a sentence takes, against a JSON parse of the same sentence in the same run (issue 6).

``python -m bench.sentences ROUNDS`` prints what was measured as JSON.
"""

import gc
import json
import sys
from collections.abc import Callable, Sequence
from statistics import quantiles
from time import perf_counter_ns

import orjson

from tests.support.understanding import DEVELOPMENT, load_set
from tests.support.understood import sample_understanding

READS, PARSES = 5, 50
"""Calls of each that are timed together: a clock is no finer than a parse."""


def measure_sentences(rounds: int) -> dict[str, float]:
    """Read every sentence of the development half on the sample catalogue; each counts with its fastest round."""
    understanding, entries = sample_understanding(), load_set(DEVELOPMENT)
    gc.collect()
    gc.freeze()
    ratios, reads = [], []
    for entry in entries:
        written = json.dumps(entry.text, ensure_ascii=False)
        pairs = [
            (
                _nanoseconds(READS, understanding.read, entry.text, entry.at),
                _nanoseconds(PARSES, json.loads, written),
            )
            for _ in range(rounds)
        ]
        read, parse = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
        ratios.append(read / parse)
        reads.append(read / 1000)
    return {
        "sentences": len(entries),
        "p50": _percentile(ratios, 50),
        "p99": _percentile(ratios, 99),
        "p50_us": _percentile(reads, 50),
        "p99_us": _percentile(reads, 99),
    }


def _nanoseconds(times: int, call: Callable[..., object], *arguments: object) -> float:
    begun = perf_counter_ns()
    for _ in range(times):
        call(*arguments)
    return (perf_counter_ns() - begun) / times


def _percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1]


if __name__ == "__main__":
    print(orjson.dumps(measure_sentences(int(sys.argv[1]))).decode())
