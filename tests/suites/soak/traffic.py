"""Traffic of all kinds, every answer of which is checked and counted."""

import collections
import contextlib
import http.client
import json
import random
import re
import socket
import threading
import time

ROW = {"age": 65, "cholesterol": 240}
ANSWER = b'{"prediction":"High Risk","confidence":0.92,"model_version":"v1.0.0"}'
TENSORS = [
    {"name": name, "datatype": "FP64", "shape": [1], "data": [value]} for name, value in ROW.items()
]
INFER = "/v2/models/heart-risk-demo/infer"
HALF_BODY = b"POST /predict HTTP/1.1\r\nhost: soak\r\ncontent-length: 100\r\n\r\n{"
HALF_HEAD = b"POST /predict HTTP/1.1\r\nhost: soak\r\nx-half: "


def encode(value):
    return json.dumps(value).encode()


# Requests, each with its part of the traffic, its `handler` in the metrics, the status that answers it
# and a part of what that says.
REQUESTS = [
    (60, "POST", "/predict", "/predict", encode({"patient_data": ROW}), 200, ANSWER),
    (5, "POST", "/predict", "/predict", encode({"instances": [ROW] * 100}), 200, ANSWER),
    (15, "POST", INFER, "/v2/models/{model}/infer", encode({"inputs": TENSORS}), 200, b"High Risk"),
    (5, "POST", "/predict", "/predict", b'{"patient_data": {"age": -1}}', 422, b"greater than"),
    (5, "POST", "/predict", "/predict", b'{"patient_data', 422, b"json_invalid"),
    (2, "GET", "/nowhere", "none", None, 404, b"Not Found"),
    (2, "GET", "/docs", "/docs", None, 200, b"<html"),
    (1, "GET", "/metrics", "/metrics", None, 200, b"http_requests_total"),
]
# One in so many is a client that leaves in the middle of its request.
HALVES = 50


class Traffic:
    """Clients that send until they are told to stop: `rate` requests a second together, or as fast as
    they are answered if it is 0."""

    def __init__(self, address, clients, rate):
        self.address = address
        self.interval = clients / rate if rate else 0
        self.over = threading.Event()
        self.failed = []
        # By handler, method and class of status.
        self.answered = [collections.Counter() for _ in range(clients)]
        self.half_bodies = [0] * clients
        self.threads = [
            threading.Thread(target=self._try_to_run, args=[number]) for number in range(clients)
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def counts(self):
        """All that were answered."""
        return sum(self.answered, collections.Counter())

    def _try_to_run(self, number):
        try:
            self._run(number)
        except BaseException as error:
            self.failed.append(error)
            raise

    def _run(self, number):
        # The same traffic each time.
        chance = random.Random(number)
        weights = [request[0] for request in REQUESTS]
        due = time.monotonic()
        with contextlib.closing(http.client.HTTPConnection(*self.address, timeout=30)) as client:
            while not self.over.is_set():
                [request] = chance.choices(REQUESTS, weights)
                self.answered[number][_send(client, *request[1:])] += 1
                if chance.randrange(HALVES) == 0:
                    self._leave(chance.choice([HALF_BODY, HALF_HEAD]), number)
                due = max(due + self.interval, time.monotonic() - 1)
                time.sleep(max(0, due - time.monotonic()))

    def _leave(self, half, number):
        with socket.create_connection(self.address, timeout=30) as client:
            client.sendall(half)
        self.half_bodies[number] += half == HALF_BODY


def send_each(address):
    """Sends one request of each kind; gives what was answered."""
    with contextlib.closing(http.client.HTTPConnection(*address, timeout=30)) as client:
        return collections.Counter(_send(client, *request[1:]) for request in REQUESTS)


def _send(client, method, path, handler, body, status, says):
    client.request(method, path, body, {"content-type": "application/json"} if body else {})
    response = client.getresponse()
    answer = response.read()
    assert response.status == status and says in answer, (method, path, response.status, answer)
    return handler, method, f"{status // 100}xx"


def counted(address, path, family, labels):
    """The samples of a family that are not 0, by the values of its labels."""
    with contextlib.closing(http.client.HTTPConnection(*address, timeout=30)) as client:
        client.request("GET", path)
        text = client.getresponse().read().decode()
    pairs = ",".join(f'{label}="([^"]*)"' for label in labels)
    braced = f"{{{pairs}}}" if labels else "()"
    samples = re.findall(rf"^{family}{braced} (\S+)$", text, re.MULTILINE)
    return {tuple(values): int(float(value)) for *values, value in samples if float(value)}
