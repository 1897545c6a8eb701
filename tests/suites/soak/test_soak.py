"""Traffic of all kinds for as long as SOAK_SECONDS says, 20 by default: each request is answered and
counted once, and the host has no more memory and no more open files at the end.

SOAK_RATE is the number of requests a second; without it they are sent as fast as they are answered. What
was seen is in target/suites/soak.csv, and `benches/run report --soak target/suites/soak.csv` draws it:

    SOAK_SECONDS=3600 SOAK_RATE=500 tests/suites/run soak
"""

import csv
import os
import statistics
import time

import pytest
import traffic
from embedded_host import ROOT, run

SECONDS = float(os.environ.get("SOAK_SECONDS", "20"))
RATE = float(os.environ.get("SOAK_RATE", "0"))
CLIENTS = 4
SERIES = ROOT / "target" / "suites" / "soak.csv"
COLUMNS = ["seconds", "requests", "resident_bytes", "descriptors"]
# Often enough to see a trend, and to draw it.
SAMPLES = 400
# How much more memory the host may have at the end than after a quarter of the time, while threads and
# the allocator still reach their usual state.
GROWTH_BYTES = 4 << 20


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with run(tmp_path_factory.mktemp("soak")) as host:
        yield host


def test_memory_is_flat_and_each_request_is_counted_once(host, capsys):
    # The host opens a file for each component when that is first asked.
    first = traffic.send_each(host.address)
    before = descriptors_at_rest(host)
    with traffic.Traffic(host.address, CLIENTS, RATE) as sent:
        samples = observe(host, sent)
    assert not sent.failed

    # Each request was counted once, and each half body too.
    labels = ["handler", "method", "status"]
    counted = traffic.counted(host.address, "/metrics", "http_requests_total", labels)
    assert counted == dict(first + sent.counts())
    halves = sum(sent.half_bodies)
    wait_for(lambda: sum(errors(host).values()) >= halves)
    assert errors(host) == {("400", "body_incomplete"): halves}

    # Memory and open files are what they were.
    assert descriptors_at_rest(host) == before
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    grown = median(late, "resident_bytes") - median(early, "resident_bytes")
    with capsys.disabled():
        print(f"\n  {sent.counts().total()} requests, and {grown / 1e6:+.1f} MB of memory")
    assert grown < GROWTH_BYTES


def observe(host, sent):
    """Looks at the host until the time is over or a client has failed. Writes the series as it goes."""
    started = time.monotonic()
    samples = []
    with SERIES.open("w", newline="") as file:
        series = csv.DictWriter(file, COLUMNS)
        series.writeheader()
        while (seconds := time.monotonic() - started) < SECONDS and not sent.failed:
            counts = [sent.counts().total(), host.resident_bytes(), host.descriptors()]
            samples.append(dict(zip(COLUMNS, [round(seconds, 1), *counts])))
            series.writerow(samples[-1])
            file.flush()
            time.sleep(SECONDS / SAMPLES)
    return samples


def errors(host):
    """What the host itself has answered with an error."""
    path, family = "/.well-known/model-api/metrics", "model_api_host_errors_total"
    return traffic.counted(host.address, path, family, ["status", "reason"])


def descriptors_at_rest(host):
    """The open files once the clients' connections are closed: the least in a second, since the one that
    asked for that closes meanwhile."""
    connections = lambda: traffic.counted(
        host.address, "/.well-known/model-api/metrics", "model_api_host_connections", []
    )
    wait_for(lambda: connections() == {("",): 1})
    seen = []
    for _ in range(100):
        seen.append(host.descriptors())
        time.sleep(0.01)
    return min(seen)


def wait_for(is_true):
    end = time.monotonic() + 30
    while not is_true():
        assert time.monotonic() < end, "it does not come to rest"
        time.sleep(0.01)


def median(samples, column):
    return statistics.median(sample[column] for sample in samples)
