"""The embedded host, as a process on a free port."""

import contextlib
import dataclasses
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOST = ROOT / "target" / "debug" / "model-api-host"


@dataclasses.dataclass
class Host:
    """A host that serves."""

    process: subprocess.Popen
    # Such as http://127.0.0.1:40123.
    url: str
    # A file.
    log: pathlib.Path

    @property
    def address(self):
        """The name of the machine, and the port."""
        name, port = self.url.removeprefix("http://").split(":")
        return name, int(port)

    def resident_bytes(self):
        """The memory that the process has."""
        pages = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self):
        """The number of files and sockets that the process has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


@contextlib.contextmanager
def run(folder, manifest=ROOT / "spin.toml", environment={}, port=0, arguments=()):
    """Serves an application, whose log is then a file in the folder; gives it as a Host."""
    command = [HOST, "--from", manifest, "--listen", f"127.0.0.1:{port}", *arguments]
    with run_command(folder, command, cwd=ROOT, env=os.environ | environment) as host:
        yield host


@contextlib.contextmanager
def run_command(folder, command, **options):
    """Runs a command that serves in the same way."""
    log = folder / "log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=stderr, text=True, **options
        )
    try:
        yield Host(process, _url(process, log), log)
    finally:
        process.terminate()
        process.wait()
        print(log.read_text())


@contextlib.contextmanager
def serve(*arguments, **options):
    """Does the same, and gives the URL alone."""
    with run(*arguments, **options) as host:
        yield host.url


def _url(process, log):
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise RuntimeError(f"the server did not start: {log.read_text()}")


def with_model(folder, model):
    """The manifest of the service with another model: a guest of the tests."""
    text = (ROOT / "spin.toml").read_text()
    text = text.replace("heart_risk_demo.wasm", f"{model.replace('-', '_')}.wasm")
    text = text.replace("-p heart-risk-demo", f"-p {model}")
    # Its paths begin at its own folder.
    root = os.path.relpath(ROOT, folder)
    text = text.replace('"target/', f'"{root}/target/')
    text = text.replace(".build]", f'.build]\nworkdir = "{root}"')
    manifest = folder / f"{model}.toml"
    manifest.write_text(text)
    return manifest
