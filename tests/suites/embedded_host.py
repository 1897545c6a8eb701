"""The embedded host, as a process on a free port."""

import contextlib
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOST = ROOT / "target" / "debug" / "model-api-host"


@contextlib.contextmanager
def serve(folder, manifest=ROOT / "spin.toml", environment={}):
    """Serves an application, whose log is then a file in the folder; gives the address, such as
    http://127.0.0.1:40123."""
    log = folder / "log"
    with log.open("w") as stderr:
        host = subprocess.Popen(
            [HOST, "--from", manifest, "--listen", "127.0.0.1:0"],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    try:
        yield _address(host)
    finally:
        host.terminate()
        host.wait()
        print(log.read_text())


def _address(host):
    for line in host.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise RuntimeError("the server did not start")


def with_model(folder, model):
    """The manifest of the service with another model: a guest of the tests."""
    text = (ROOT / "spin.toml").read_text()
    text = text.replace("heart_risk_demo.wasm", f"{model}.wasm")
    text = text.replace("-p heart-risk-demo", f"-p {model}")
    # Its paths begin at its own folder.
    root = os.path.relpath(ROOT, folder)
    text = text.replace('"target/', f'"{root}/target/')
    text = text.replace(".build]", f'.build]\nworkdir = "{root}"')
    manifest = folder / f"{model}.toml"
    manifest.write_text(text)
    return manifest
