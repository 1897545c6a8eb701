"""Good predictions beside each load are answered, all of them.

How much slower they are is printed and not judged, since it depends on the machine. Predictions
with the load and without it take turns of half a second, so that what else the machine does is in
both; each of the two takes ABUSE_SECONDS in all, 3 by default:

    ABUSE_SECONDS=30 tests/suites/run abuse
"""

import contextlib
import http.client
import json
import multiprocessing
import os
import resource
import signal
import time

import loads
import pytest
from embedded_host import run, with_model

SECONDS = float(os.environ.get("ABUSE_SECONDS", "3"))
TURN_SECONDS = 0.5
BODY = json.dumps({"patient_data": {"age": 65, "cholesterol": 240}})
ANSWER = b'{"prediction":"High Risk","confidence":0.92,"model_version":"v1.0.0"}'
# The same of the model that fails where it is told to.
GOOD = json.dumps({"patient_data": {"fault": "none"}})
GOOD_ANSWER = b'{"prediction":"low","confidence":0.75,"model_version":"1"}'
# Time alone closes no connection.
PATIENT = {"MODEL_API_FIRST_REQUEST_TIMEOUT": "600"}
ROOMY = {"MODEL_API_CONNECTIONS": "11000"}


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    with run(tmp_path_factory.mktemp("server")) as host:
        yield host.address


def predict(address, body, answer):
    """Sends predictions one after the other for a turn. Returns how long each took, in seconds."""
    took = []
    client = contextlib.closing(http.client.HTTPConnection(*address, timeout=30))
    with client as client, without_waiting_for_a_processor():
        end = time.perf_counter() + TURN_SECONDS
        while (start := time.perf_counter()) < end:
            client.request("POST", "/predict", body, {"content-type": "application/json"})
            response = client.getresponse()
            assert (response.status, response.read()) == (200, answer)
            took.append(time.perf_counter() - start)
    return took


@contextlib.contextmanager
def without_waiting_for_a_processor():
    """Puts this process before all others, if it has the right to: a client is on another machine, and how long it
    waits until the server or the load leaves it a processor is not to be measured."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def percentile(took, share):
    return sorted(took)[int(share * (len(took) - 1))] * 1000


def make(load, address, rounds):
    # Some loads have more connections than a process may have at first.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    load(address, rounds)


@contextlib.contextmanager
def beside(load, processes, address):
    """Runs the load in processes of its own, each of which has begun."""
    context = multiprocessing.get_context("spawn")
    rounds = loads.Rounds(context)
    started = [
        context.Process(target=make, args=(load, address, rounds)) for _ in range(processes)
    ]
    for process in started:
        process.start()
    try:
        assert all(rounds.begun.acquire(timeout=60) for _ in started)
        yield started
    finally:
        rounds.over.set()
        for process in started:
            process.join()
    assert [process.exitcode for process in started] == [0] * processes


@contextlib.contextmanager
def paused(processes):
    """Stops the processes for a while, and gives the server time to finish what they sent."""
    for process in processes:
        os.kill(process.pid, signal.SIGSTOP)
    time.sleep(0.1)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process.pid, signal.SIGCONT)


@pytest.mark.parametrize("load", loads.LOADS, ids=lambda load: load.__name__)
def test_every_good_prediction_is_answered_beside(load, address, capsys):
    compare(load, loads.LOADS[load], address, capsys)


def test_every_good_prediction_is_answered_beside_more_idle_connections_than_there_may_be(tmp_path, capsys):
    with run(tmp_path, environment=PATIENT) as host:
        compare(loads.idle_connections, 1, host.address, capsys)


def test_every_good_prediction_is_answered_beside_10_000_idle_connections(tmp_path, capsys):
    with run(tmp_path, environment=PATIENT | ROOMY) as host:
        compare(loads.ten_thousand, 1, host.address, capsys)


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    """The service with a model that fails where it is told to."""
    folder = tmp_path_factory.mktemp("failing")
    one_second = {"MODEL_API_REQUEST_TIMEOUT": "1"}
    with run(folder, with_model(folder, "faulty-model"), one_second) as host:
        yield host.address


@pytest.mark.parametrize("load", loads.MODEL_LOADS, ids=lambda load: load.__name__)
def test_every_good_prediction_is_answered_beside_a_model_that_fails(load, failing, capsys):
    compare(load, loads.MODEL_LOADS[load], failing, capsys, GOOD, GOOD_ANSWER)


def compare(load, processes, address, capsys, body=BODY, answer=ANSWER):
    """Predicts beside the load and without it, and prints how long that took."""
    alone, together = [], []
    with beside(load, processes, address) as started:
        for _ in range(round(SECONDS / TURN_SECONDS)):
            with paused(started):
                alone += predict(address, body, answer)
            together += predict(address, body, answer)
    with capsys.disabled():
        print()
        for name, took in [("alone", alone), (load.__name__, together)]:
            p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
            print(f"  {name:<17} {len(took):>6} predictions  p50 {p50:7.2f} ms  p99 {p99:7.2f} ms")
