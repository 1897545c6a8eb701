"""Asks a host, built to record a profile, what clients ask. It writes the profile when it ends."""

import argparse
import contextlib
import http.client
import json
import pathlib

from servers import QUESTION, TENSORS, Server

PREDICTIONS = 30_000
# What is asked beside them, on connections of its own: each path with a body, or none.
BESIDE = [
    ("/predict", QUESTION),
    ("/predict", {"instances": [QUESTION["patient_data"]] * 100}),
    ("/predict", {"patient_data": {"age": "old"}}),
    ("/v2/models/heart-risk-demo/infer", TENSORS),
    ("/v2/health/ready", None),
    ("/metrics", None),
    ("/openapi.json", None),
    ("/docs", None),
    ("/nothing", None),
]
TIMES = 100


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("host", type=pathlib.Path)
    arguments = arguments.parse_args()
    command = [arguments.host.resolve(), "--listen", "127.0.0.1:{port}"]
    with Server("profile", command).running() as process:
        _predict(process.port)
        for path, body in BESIDE * TIMES:
            process.ask(path, body)


def _predict(port):
    """Sends the usual prediction, on one connection."""
    body, headers = json.dumps(QUESTION), {"content-type": "application/json"}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
        for _ in range(PREDICTIONS):
            client.request("POST", "/predict", body, headers)
            client.getresponse().read()


if __name__ == "__main__":
    main()
