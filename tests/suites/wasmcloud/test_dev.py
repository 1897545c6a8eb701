"""`wash dev` with the project's own configuration: counters in the host's memory."""

import pytest
import yaml

import hosts
from hosts import ROOT, SERVICE
from registry import digest
from traffic import (
    ANSWER,
    CONNECTIONS,
    ROUNDS,
    Client,
    check_bad_input,
    check_families,
    send_traffic,
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The folder wasmcloud/ on a free port, and with a variable set."""
    text = (ROOT / "wasmcloud/.wash/config.yaml").read_text()
    config = yaml.safe_load(text.replace("../target", str(ROOT / "target")))
    config["build"]["command"] = f"cd {ROOT} && {config['build']['command']}"
    config["dev"]["address"] = "127.0.0.1:0"
    config["workload"]["environment"] = {"config": {"SPIN_VARIABLE_LOG_REQUESTS": "true"}}
    folder = tmp_path_factory.mktemp("project")
    (folder / ".wash").mkdir()
    (folder / ".wash/config.yaml").write_text(yaml.safe_dump(config))
    return folder


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def port(project, log):
    with hosts.dev(project, log) as port:
        yield port


def test_it_serves_the_file_that_spin_serves_and_leaves_it_as_it_is(project, log):
    config = yaml.safe_load((project / ".wash/config.yaml").read_text())
    assert config["build"]["component_path"] == str(SERVICE)
    before = digest(SERVICE.read_bytes())
    # A component: a core module each host would make a component of, in a way of its own.
    assert SERVICE.read_bytes()[:8] == b"\0asm\x0d\0\x01\0"
    with hosts.dev(project, log) as port:
        assert Client(port).predict() == (200, ANSWER)
    assert digest(SERVICE.read_bytes()) == before
    print("the service is", before)


def test_the_blueprints_exchange_and_bad_input_are_answered_as_ever(port, log):
    client = Client(port)
    assert client.predict() == (200, ANSWER)
    check_bad_input(port)
    assert client.send("GET", "/v2/health/ready")[0] == 200
    assert client.send("GET", "/openapi.json")[0] == 200
    assert "POST /predict 200" in log.read_text(), "the variable is not set"


def test_2000_requests_on_16_connections_are_counted_exactly(port):
    sizes = send_traffic([Client(port) for _ in range(CONNECTIONS)], ROUNDS)
    check_families(Client(port).scrape(), CONNECTIONS * ROUNDS, *sizes)
