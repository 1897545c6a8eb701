"""The OpenAPI document: it is valid, and what it says of the service is true."""

import json
import pathlib
import subprocess
import sys
import urllib.request

from openapi_spec_validator import validate

HERE = pathlib.Path(__file__).parent


def test_the_document_is_valid_openapi(server):
    with urllib.request.urlopen(f"{server}/openapi.json") as response:
        validate(json.load(response))


def test_schemathesis_finds_nothing_with_all_its_checks(server, tmp_path):
    schemathesis = pathlib.Path(sys.executable).with_name("schemathesis")
    command = [schemathesis, "--config-file", HERE / "schemathesis.toml", "run"]
    command += [f"{server}/openapi.json", "--checks", "all", "--max-examples", "100"]
    command += ["--generation-deterministic", "--no-color"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
