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
import urllib.parse

import loads
import pytest

SECONDS = float(os.environ.get("ABUSE_SECONDS", "3"))
TURN_SECONDS = 0.5
BODY = json.dumps({"patient_data": {"age": 65, "cholesterol": 240}})
ANSWER = b'{"prediction":"High Risk","confidence":0.92,"model_version":"v1.0.0"}'


@pytest.fixture(scope="session")
def address(server):
    url = urllib.parse.urlsplit(server)
    return url.hostname, url.port


def predict(address):
    """Sends predictions one after the other for a turn. Returns how long each took, in seconds."""
    took = []
    with contextlib.closing(http.client.HTTPConnection(*address, timeout=30)) as client:
        end = time.perf_counter() + TURN_SECONDS
        while (start := time.perf_counter()) < end:
            client.request("POST", "/predict", BODY, {"content-type": "application/json"})
            response = client.getresponse()
            assert (response.status, response.read()) == (200, ANSWER)
            took.append(time.perf_counter() - start)
    return took


def percentile(took, share):
    return sorted(took)[int(share * (len(took) - 1))] * 1000


def make(load, address, rounds):
    # The load would come from other machines: what it computes is not to be measured.
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
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
    alone, together = [], []
    with beside(load, loads.LOADS[load], address) as processes:
        for _ in range(round(SECONDS / TURN_SECONDS)):
            with paused(processes):
                alone += predict(address)
            together += predict(address)
    with capsys.disabled():
        print()
        for name, took in [("alone", alone), (load.__name__, together)]:
            p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
            print(f"  {name:<17} {len(took):>6} predictions  p50 {p50:7.2f} ms  p99 {p99:7.2f} ms")
