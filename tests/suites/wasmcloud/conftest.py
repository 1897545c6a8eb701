"""The components, built as wasmcloud/.wash/config.yaml says."""

import subprocess

import pytest

pytest.register_assert_rewrite("hosts", "runtime_operator", "traffic")

from hosts import ROOT, WASH


@pytest.fixture(scope="session", autouse=True)
def built():
    subprocess.run([WASH, "-C", ROOT / "wasmcloud", "build"], check=True)
