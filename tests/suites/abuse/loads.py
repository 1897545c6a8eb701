"""Loads that once stopped the service. Each is a function that a process of its own runs, round
after round."""

import contextlib
import http.client
import itertools
import json
import os
import socket
import struct
import time

INFER = "/v2/models/heart-risk-demo/infer"
MIB = 1 << 20


def head(method, path, **headers):
    lines = [f"{method} {path} HTTP/1.1", "host: abuse"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def connect(address):
    client = socket.create_connection(address, timeout=30)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def ask(address, method, path, body=None, headers=None):
    """A request on a connection of its own, which sends all of its body before it reads."""
    client = http.client.HTTPConnection(*address, timeout=30)
    with contextlib.closing(client):
        client.request(method, path, body, headers or {})
        response = client.getresponse()
        return response.status, response.read()


class Rounds:
    """When to begin and to end, as the processes of a load and of the test tell each other."""

    def __init__(self, context):
        self.begun = context.Semaphore(0)
        self.over = context.Event()

    def run(self, round_):
        round_()
        # The load would come from other machines: what it computes from now on is not to be measured.
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        self.begun.release()
        while not self.over.is_set():
            round_()


def many_outputs(address, rounds):
    """Infer requests of nearly 1 MiB with distinct names of outputs. Every other client leaves
    before the answer."""
    tensor = {"name": "age", "datatype": "FP64", "shape": [1], "data": [65]}
    outputs = [{"name": str(number)} for number in range(55_000)]
    body = json.dumps({"inputs": [tensor], "outputs": outputs}, separators=(",", ":")).encode()
    assert len(body) < MIB

    def round_():
        status, _ = ask(address, "POST", INFER, body)
        assert status == 400, status
        with contextlib.closing(connect(address)) as client:
            client.sendall(head("POST", INFER, content_length=len(body)) + body)

    rounds.run(round_)


def large_batches(address, rounds):
    """Batches of 10,000 rows, as fast as they are answered."""
    body = json.dumps({"instances": [{"age": 65, "cholesterol": 240}] * 10_000}).encode()

    def round_():
        status, _ = ask(address, "POST", "/predict", body)
        assert status == 200, status

    rounds.run(round_)


def stalled_uploads(address, rounds):
    """Forty uploads of nearly 2 MiB that stop before their end; those that are cut off begin anew
    after half a second."""
    request = head("POST", "/predict", content_length=2 * MIB) + bytes(2 * MIB - 1)

    def begin():
        client = connect(address)
        # The server may refuse it before it has sent all.
        with contextlib.suppress(OSError):
            client.sendall(request)
        client.setblocking(False)
        return client

    def is_over(client):
        try:
            return client.recv(MIB) is not None
        except BlockingIOError:
            return False
        except OSError:
            return True

    clients = [begin() for _ in range(40)]

    def round_():
        for index, client in enumerate(clients):
            if is_over(client):
                client.close()
                clients[index] = begin()
        time.sleep(0.5)

    rounds.run(round_)


def idle_connections(address, rounds):
    """More connections than the server takes, which say nothing or half a request, and one more again and again."""

    numbers = itertools.count()

    def begin():
        client = connect(address)
        if next(numbers) % 2:
            client.sendall(b"POST /predict HTTP/1.1\r\nhost: abuse\r\nx-half: ")
        return client

    clients = [begin() for _ in range(1500)]

    def round_():
        clients.pop(0).close()
        clients.append(begin())

    rounds.run(round_)


def refused_uploads(address, rounds):
    """Bodies of 9,000,000 bytes to what refuses them, by a client that sends first."""
    body = bytes(9_000_000)
    refusals = [("POST", "/predict", 413), ("POST", "/nothing", 413), ("PUT", "/metrics", 413)]
    small = [("POST", "/nothing", 404), ("PUT", "/metrics", 405)]

    def round_():
        for method, path, expected in refusals:
            status, answer = ask(address, method, path, body)
            assert status == expected and answer, (status, answer)
        for method, path, expected in small:
            status, answer = ask(address, method, path, body[: MIB + 1])
            assert status == expected and answer, (status, answer)
        text = {"content-type": "text/plain"}
        status, answer = ask(address, "POST", "/predict", body[:MIB], text)
        assert status == 415 and answer, (status, answer)

    rounds.run(round_)


def large_files(address, rounds):
    """The largest file of the documentation, by clients that do not take it compressed."""

    def round_():
        status, body = ask(address, "GET", "/docs/swagger-ui-bundle.js")
        assert status == 200 and len(body) > MIB, (status, len(body))

    rounds.run(round_)


def slow(address, rounds, begin, go_on):
    """Three hundred connections that move a byte every half second; those that are cut off begin anew."""
    clients = [begin(address) for _ in range(300)]

    def round_():
        for index, client in enumerate(clients):
            try:
                go_on(client)
            except OSError:
                client.close()
                clients[index] = begin(address)
        time.sleep(0.5)

    rounds.run(round_)


def beginning_with(request):
    def begin(address):
        client = connect(address)
        client.sendall(request)
        client.setblocking(False)
        return client

    return begin


def slow_heads(address, rounds):
    """Heads that never end."""
    half = b"POST /predict HTTP/1.1\r\nhost: abuse\r\nx-slow: "
    slow(address, rounds, beginning_with(half), lambda client: client.send(b"x"))


def slow_bodies(address, rounds):
    """Bodies that end after the time that they have."""
    head_ = head("POST", "/predict", content_length=1000)
    slow(address, rounds, beginning_with(head_), lambda client: client.send(b"x"))


def slow_readers(address, rounds):
    """Clients that take the largest file of the documentation byte by byte, and ask for more of it than the system
    takes for them."""

    def begin(address):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(address)
        client.sendall(head("GET", "/docs/swagger-ui-bundle.js") * 4)
        return client

    slow(address, rounds, begin, lambda client: client.recv(1))


def resets(address, rounds):
    """Connections that are reset in the middle of a head, of a body and of a response."""
    halves = [
        b"POST /predict HTTP/1.1\r\nhost: abuse\r\nx-half: ",
        head("POST", "/predict", content_length=100) + b"{",
        head("GET", "/docs/swagger-ui-bundle.js"),
    ]

    def round_():
        for half in halves:
            client = connect(address)
            client.sendall(half)
            if half is halves[-1]:
                client.recv(1)
            # Closing it then sends a reset.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()

    rounds.run(round_)


def pipelines(address, rounds):
    """Two hundred requests sent at once, and one in their middle that is none."""
    good = head("GET", "/v2/health/live")
    requests = good * 100 + b"GET / HTTP/1.1\r\nhost : abuse\r\n\r\n" + good * 100

    def round_():
        with contextlib.closing(connect(address)) as client:
            client.sendall(requests)
            answers = b"".join(iter(lambda: client.recv(MIB), b""))
        statuses = [answers.count(b"HTTP/1.1 " + status) for status in (b"200", b"400", b"")]
        assert statuses == [100, 1, 101], statuses

    rounds.run(round_)


# Each load, and the number of processes that make it.
LOADS = {
    many_outputs: 2,
    large_batches: 4,
    stalled_uploads: 1,
    refused_uploads: 2,
    large_files: 8,
    slow_heads: 1,
    slow_bodies: 1,
    slow_readers: 1,
    resets: 2,
    pipelines: 2,
}


def ten_thousand(address, rounds):
    """Connections that say nothing, and stay."""
    clients = [connect(address) for _ in range(10_000)]
    rounds.run(lambda: time.sleep(0.5))
    # Each is still open.
    for client in clients:
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            assert client.recv(1), "the server has closed a connection"


def failing_model(address, rounds, fault, expected):
    """Rows at which the model of the tests fails, and the status that answers them."""
    body = json.dumps({"patient_data": {"fault": fault}}).encode()

    def round_():
        status, _ = ask(address, "POST", "/predict", body)
        assert status == expected, status

    rounds.run(round_)


def traps(address, rounds):
    failing_model(address, rounds, "trap", 500)


def loops(address, rounds):
    failing_model(address, rounds, "loop", 504)


def allocations(address, rounds):
    failing_model(address, rounds, "allocate", 500)


def forbidden_answers(address, rounds):
    failing_model(address, rounds, "confidence NaN", 500)


# Those of a model that fails, and the number of processes of each. Two instances that take all the memory they
# may would have more together than all instances may: others are then told to come again.
MODEL_LOADS = {traps: 2, loops: 4, allocations: 1, forbidden_answers: 2}
