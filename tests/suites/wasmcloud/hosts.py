"""wasmCloud's hosts, as processes on this machine."""

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[3]
# The file that Spin and the embedded host serve.
SERVICE = ROOT / tomllib.loads((ROOT / "spin.toml").read_text())["component"]["service"]["source"]
MODEL = SERVICE.with_name("heart_risk_demo.wasm")
BRIDGE = SERVICE.with_name("wasmcloud_bridge.wasm")
WASH = pathlib.Path(sys.executable).with_name("wash")
NATS = ROOT / "target" / "suites" / "nats-server"
PATIENCE_SECONDS = 120


@contextlib.contextmanager
def running(command, log, ready):
    """Runs a program whose output is the file `log`, until it has said `ready`; gives the match."""
    with log.open("w") as output:
        # Without colours, which would be between the letters of what is looked for.
        environment = os.environ | {"NO_COLOR": "1"}
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        yield _said(process, log, ready)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        print("\n".join([f"--- {log}", *log.read_text().splitlines()[-20:]]))


def _said(process, log, ready):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := re.search(ready, log.read_text())):
        assert process.poll() is None, f"{process.args} ended:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"{process.args} does not start:\n{log.read_text()}"
        time.sleep(0.1)
    return found


@contextlib.contextmanager
def dev(project, log):
    """`wash dev` in the folder `project`; its port."""
    ready = r"HTTP server listening addr=[\d.]+:(\d+)(?s:.*)listening for HTTP requests"
    with running([WASH, "-C", project, "dev"], log, ready) as found:
        yield int(found[1])


def push(image, component):
    """Pushes the file `component` to a registry that has no TLS."""
    subprocess.run([WASH, "oci", "push", "--insecure", image, component], check=True)


@contextlib.contextmanager
def nats(folder):
    """A NATS server that keeps its streams in `folder`; its URL."""
    command = [NATS, "-a", "127.0.0.1", "-p", "-1", "-js", "-sd", folder]
    with running(command, folder / "log", r"client connections on ([\d.:]+)(?s:.*)ready") as found:
        yield f"nats://{found[1]}"


@contextlib.contextmanager
def host(name, nats_url, folder):
    """A host of a cluster; its port."""
    command = [
        WASH, "host", "--host-name", name, "--host-group", "default",
        "--scheduler-nats-url", nats_url, "--data-nats-url", nats_url,
        "--http-addr", "127.0.0.1:0",
        "--allow-insecure-registries", "--oci-cache-dir", folder,
    ]  # fmt: skip
    ready = r"HTTP server listening addr=[\d.]+:(\d+)(?s:.*)Host started"
    with running(command, folder / "log", ready) as found:
        yield int(found[1])
