"""Faults of the machine under load: the process is killed or told to stop, the disk is full, the clock is set."""

import contextlib
import http.client
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

import embedded_host
import pytest
from embedded_host import run
from loads import ask
from test_abuse import ANSWER, BODY

CLIENTS = 8
JSON = {"content-type": "application/json"}


class Load:
    """Clients that predict until the server is gone."""

    def __init__(self, address):
        self.address = address
        self.answered = [0] * CLIENTS
        # When each request was sent that got no answer.
        self.lost = []
        self.wrong = []
        self.threads = [threading.Thread(target=self._run, args=[n]) for n in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        while min(self.answered) < 20:
            assert not self.wrong, self.wrong
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        for thread in self.threads:
            thread.join()

    def _run(self, number):
        with contextlib.closing(http.client.HTTPConnection(*self.address, timeout=30)) as client:
            while True:
                # The server may have said that it closes the connection.
                with contextlib.suppress(OSError):
                    client.connect()
                if client.sock is None:
                    return
                if not self._predict(client, number):
                    return
                client.close()

    def _predict(self, client, number):
        """Predicts on one connection for as long as that is open; is true if it was closed in peace."""
        while True:
            try:
                client.request("POST", "/predict", BODY, JSON)
            except OSError:
                return False
            sent = time.monotonic()
            try:
                response = client.getresponse()
                answer = response.status, response.read()
            except (OSError, http.client.HTTPException):
                self.lost.append(sent)
                return False
            if answer != (200, ANSWER):
                self.wrong.append(answer)
                return False
            self.answered[number] += 1
            if response.will_close:
                return True


@pytest.fixture(scope="module", autouse=True)
def built(tmp_path_factory):
    """Builds the components, which a program that is hindered in some way should not do."""
    with run(tmp_path_factory.mktemp("built")):
        pass


def predict(address):
    return ask(address, "POST", "/predict", BODY, JSON)


def test_a_new_process_serves_at_once_after_kill_9_under_load(tmp_path):
    cache = {"XDG_CACHE_HOME": str(tmp_path)}
    port = 0
    for _ in range(3):
        with run(tmp_path, environment=cache, port=port) as host, Load(host.address) as load:
            port = host.address[1]
            host.process.kill()
        assert not load.wrong
    # The code that the first compiled is whole, and the port is free.
    compiled = code(tmp_path)
    started = time.monotonic()
    with run(tmp_path, environment=cache, port=port) as host:
        assert predict(host.address) == (200, ANSWER)
    assert code(tmp_path) == compiled
    assert time.monotonic() - started < 30


def code(cache):
    """The files of compiled code: their names, and what tells whether they were written again."""
    files = (cache / "model-api-host").iterdir()
    return {(file.name, file.stat().st_ino) for file in files}


def test_a_process_killed_while_it_compiles_leaves_nothing_that_hinders_the_next(tmp_path):
    cache = {"XDG_CACHE_HOME": str(tmp_path)}
    command = [embedded_host.HOST, "--from", "spin.toml", "--listen", "127.0.0.1:0", "--no-build"]
    for seconds in [0.1, 0.4, 0.8, 1.2]:
        process = subprocess.Popen(command, cwd=embedded_host.ROOT, env=os.environ | cache)
        time.sleep(seconds)
        process.kill()
        process.wait()
    with run(tmp_path, environment=cache) as host:
        assert predict(host.address) == (200, ANSWER)


def test_no_request_is_lost_when_the_process_is_told_to_stop_under_load(tmp_path):
    for _ in range(3):
        with run(tmp_path) as host, Load(host.address) as load:
            stopped = time.monotonic()
            host.process.send_signal(signal.SIGTERM)
        assert host.process.wait() == 0
        # What a client sends while its connection is closed was never begun.
        lost = [sent - stopped for sent in load.lost if sent < stopped]
        assert (lost, load.wrong) == ([], [])


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """Makes the host's program one that runs with a small disk for its cache."""

    def make(script):
        folder = tmp_path / "disk"
        folder.mkdir()
        program = tmp_path / "host"
        mount = f"mount -t tmpfs -o size=256k,mode=700 none {folder} && {script}"
        program.write_text(
            f"#!/bin/sh\nexec unshare --user --map-root-user --mount sh -c '"
            f'{mount} && exec {embedded_host.HOST} "$@"\' host "$@"\n'
        )
        program.chmod(0o755)
        monkeypatch.setattr(embedded_host, "HOST", program)
        return {"XDG_CACHE_HOME": str(folder)}

    return make


@pytest.mark.parametrize(
    "script, says",
    [
        ("true", "No space left on device"),
        ("mount -o remount,ro {}", "Read-only file system"),
    ],
    ids=["full", "read-only"],
)
def test_the_host_serves_and_says_so_if_the_disk_for_compiled_code_is(script, says, disk, tmp_path):
    environment = disk(script.format(tmp_path / "disk"))
    with run(tmp_path, environment=environment, arguments=["--no-build"]) as host:
        assert predict(host.address) == (200, ANSWER)
        lines = [line for line in host.log.read_text().splitlines() if "not kept" in line]
        assert lines and all(line.startswith("warning: compiled code is") for line in lines)
        assert all(says in line for line in lines), lines
    assert host.process.returncode == 0


# Debian's, which stands between a program and the clock.
FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


def test_a_clock_that_is_set_by_years_changes_no_answer_and_no_duration(tmp_path):
    assert FAKETIME, "faketime is missing"
    clock = tmp_path / "clock"
    clock.write_text("+0")
    environment = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    started = time.monotonic()
    with run(tmp_path, environment=environment, arguments=["--no-build"]) as host:
        for jump in ["+0", "+20y", "-20y", "+100y", "+0"]:
            clock.write_text(jump)
            for _ in range(50):
                assert predict(host.address) == (200, ANSWER)
        text = ask(host.address, "GET", "/metrics")[1].decode()
    name = 'http_request_duration_seconds_sum{handler="/predict",method="POST"} '
    [seconds] = [line.removeprefix(name) for line in text.splitlines() if line.startswith(name)]
    assert 0 < float(seconds) < time.monotonic() - started
    assert host.log.read_text() == ""
