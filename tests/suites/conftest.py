"""What all suites share: the application, served by the embedded host on a free port."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOST = ROOT / "target" / "debug" / "model-api-host"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The address of the running service, such as http://127.0.0.1:40123."""
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("w") as stderr:
        host = subprocess.Popen(
            [HOST, "--listen", "127.0.0.1:0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        try:
            for line in host.stdout:
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    yield found[0]
                    break
            else:
                pytest.fail("the server did not start")
        finally:
            host.terminate()
            host.wait()
            print(log.read_text())
