"""What a request costs as the work grows, one quantity at a time."""

import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import time

import machine
from load import load
from models import imported, row
from servers import QUESTION, SCRATCH, model_api

ROWS = [1, 10, 100, 1_000, 10_000]
FEATURES = [2, 10, 100, 500]
CLASSES = [2, 10, 100]
# Trees and their depth: components of 1 KB to 50 MB, most of it nodes of 16 bytes.
SIZES = [(1, 4), (10, 6), (100, 8), (400, 10), (1_500, 10)]
CONNECTIONS = [1, 8, 64, 256, 1_024, 4_096, 10_000]
# Limits of the host's that the loads must not meet.
MANY_CONNECTIONS = {"MODEL_API_CONNECTIONS": "20000"}
LARGE_MODELS = {"MODEL_API_ALL_MEMORY_BYTES": "1000000000"}
SCRAPES = 50


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=int, default=4, help="of each load")
    arguments.add_argument("--out", type=pathlib.Path, default=SCRATCH / "growth.json")
    arguments = arguments.parse_args()
    results = {"machine": machine.description()}
    for measure in [_rows, _features, _classes, _sizes, _connections, _cores]:
        name = measure.__name__.strip("_")
        results[name] = measure(arguments.seconds)
        print(json.dumps({name: results[name]}), flush=True)
    arguments.out.write_text(json.dumps(results, indent=1) + "\n")


def _rows(seconds):
    """Rows in a request."""
    with _release().running() as process:
        one = QUESTION["patient_data"]
        batches = {rows: {"instances": [one] * rows} for rows in ROWS}
        return [{"rows": rows} | load(process, 1, seconds, batches[rows]) for rows in ROWS]


def _features(seconds):
    """Features of a model, and the scrape of their series."""
    return [{"features": count} | _model(seconds, features=count) for count in FEATURES]


def _classes(seconds):
    """Classes of a model, and the scrape of their series."""
    return [{"classes": count} | _model(seconds, classes=count) for count in CLASSES]


def _sizes(seconds):
    """Bytes of a model, and the time to its first answer."""
    return [_model(seconds, trees=trees, depth=depth) for trees, depth in SIZES]


def _connections(seconds):
    """Connections, each of which waits for its answer before it asks again."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    figures = []
    with _release(environment=MANY_CONNECTIONS).running() as process:
        for connections in CONNECTIONS:
            seen = load(process, connections, seconds)
            memory = {"resident_mb": process.resident_mb()}
            figures.append({"connections": connections} | seen | memory)
    return figures


def _cores(seconds):
    """Cores of the server; the load has all of the machine."""
    figures = []
    for cores in range(1, len(os.sched_getaffinity(0)) + 1):
        server = _release()
        server.command = ["taskset", "--cpu-list", f"0-{cores - 1}", *server.command]
        with server.running() as process:
            figures.append({"cores": cores} | load(process, 64, seconds))
    return figures


def _release(**options):
    return model_api("growth", "release", **options)


def _model(seconds, **shape):
    """A made-up model: its first answers, its predictions, and its scrape."""
    manifest, size = imported(**shape)
    question = {"patient_data": row(shape.get("features", 10))}
    cache = SCRATCH / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    environment = {"XDG_CACHE_HOME": str(cache)} | LARGE_MODELS
    server = _release(manifest=manifest, question=question, environment=environment)
    with server.running() as process:
        cold = process.first_answer
    with server.running() as process:
        figures = load(process, 8, seconds)
        figures |= {"bytes": size, "cold_seconds": cold, "warm_seconds": process.first_answer}
        return figures | {"resident_mb": process.resident_mb()} | _scrape(process)


def _scrape(process):
    """The length and the time of a scrape, as Prometheus makes it."""
    times = []
    for _ in range(SCRAPES):
        started = time.perf_counter()
        _, text = process.ask("/metrics", None)
        times.append(time.perf_counter() - started)
    series = sum(not line.startswith(b"#") for line in text.splitlines())
    milliseconds = statistics.median(times) * 1e3
    return {"series": series, "scrape_bytes": len(text), "scrape_ms": milliseconds}


if __name__ == "__main__":
    main()
