"""Two hosts of a cluster, with the project's own WorkloadDeployment: counters in NATS, which both
share."""

import concurrent.futures

import pytest

import hosts
import registry
import runtime_operator
from hosts import BRIDGE, MODEL, SERVICE
from registry import digest
from traffic import (
    ANSWER,
    CONNECTIONS,
    ROUNDS,
    Client,
    check_bad_input,
    check_families,
    counters,
    send_traffic,
)

NAME = "model-api-service.default.svc"
FILES = {"service": SERVICE, "model": MODEL, "bridge": BRIDGE}


@pytest.fixture
def images():
    return registry.Registry()


@pytest.fixture
def ports(images, tmp_path):
    """The ports of both hosts, which run the workload. Its store is empty."""
    folders = {name: tmp_path / name for name in ("nats", "first", "second")}
    for folder in folders.values():
        folder.mkdir()
    workload = runtime_operator.deployment()
    with registry.serve(images) as address, hosts.nats(folders["nats"]) as nats_url:
        for component in runtime_operator.components(workload):
            component["image"] = component["image"].replace("registry.example.com", address)
            hosts.push(component["image"], FILES[component["name"]])
        with (
            hosts.host("first", nats_url, folders["first"]) as first,
            hosts.host("second", nats_url, folders["second"]) as second,
        ):
            runtime_operator.start(nats_url, workload)
            yield first, second


def test_both_hosts_serve_the_component_that_spin_serves(images, ports):
    assert digest(SERVICE.read_bytes()) in images.pulled
    for port in ports:
        for name in ("model-api-service", "model-api-service.default", f"{NAME}:80"):
            assert Client(port, name).predict() == (200, ANSWER)
        check_bad_input(port, NAME)
        # Prometheus, if it scraped a pod.
        assert Client(port, f"127.0.0.1:{port}").send("GET", "/metrics")[0] == 404


def test_2000_requests_on_16_connections_are_one_exact_sum_over_both_hosts(ports):
    # The first requests of all meet in a store that has no key yet.
    clients = [Client(ports[number % 2], NAME) for number in range(CONNECTIONS)]
    sizes = send_traffic(clients, ROUNDS)
    for port in ports:
        check_families(Client(port, NAME).scrape(), CONNECTIONS * ROUNDS, *sizes)


def test_scrapes_during_traffic_never_go_back(ports):
    clients = [Client(port, NAME) for port in ports * 3]
    before, scrapes = {}, 0
    with concurrent.futures.ThreadPoolExecutor() as pool:
        traffic = pool.submit(send_traffic, clients, 10)
        while not traffic.done():
            now = counters(Client(ports[scrapes % 2], NAME).scrape())
            fallen = {name: value for name, value in before.items() if now.get(name, 0) < value}
            assert not fallen, f"after {scrapes} scrapes: {fallen}"
            before, scrapes = now, scrapes + 1
    traffic.result()
    assert scrapes > 3


def test_counters_are_in_a_bucket_of_the_deployments_own(ports, tmp_path):
    Client(ports[0], NAME).predict()
    streams = (tmp_path / "nats").glob("jetstream/*/streams/*")
    assert [stream.name for stream in streams] == ["KV_model-api"]
