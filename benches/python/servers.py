"""The servers that are compared, each as a process on loopback."""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "benches"
SCRATCH = ROOT / "target" / "benches"

QUESTION = {"patient_data": {"age": 65, "cholesterol": 240}}
TENSORS = {
    "inputs": [
        {"name": name, "shape": [1, 1], "datatype": "FP64", "data": [value]}
        for name, value in QUESTION["patient_data"].items()
    ]
}
# The time in which a server must give its first answer, in seconds. It may have to build what it serves.
PATIENCE = 600
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Server:
    """How a server is started; `{port}` in its command is the port that it listens on."""

    name: str
    command: list
    path: str = "/predict"
    question: object = dataclasses.field(default_factory=lambda: QUESTION)
    environment: dict = dataclasses.field(default_factory=dict)
    folder: pathlib.Path = ROOT
    # The threads of wrk that ask it. On two cores one is enough for all servers but axum, and takes the least of them.
    wrk_threads: int = 1

    @contextlib.contextmanager
    def running(self):
        """Runs the server, and gives it as a Process once it has answered."""
        port = _free_port()
        command = [str(part).format(port=port) for part in self.command]
        environment = {name: text.format(port=port) for name, text in self.environment.items()}
        SCRATCH.mkdir(parents=True, exist_ok=True)
        log = SCRATCH / f"{self.name.replace(' ', '-').replace('/', '-')}.log"
        started = time.perf_counter()
        with log.open("w") as output:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=os.environ | environment,
                stdout=output,
                stderr=output,
                # A server of several processes ends with all of them.
                start_new_session=True,
            )
        try:
            server = Process(self, process, port, log)
            server.first_answer = server.wait_for_answer() - started
            yield server
        finally:
            _stop(process)


class Process:
    """A server that runs."""

    def __init__(self, server, process, port, log):
        self.server = server
        self.process = process
        self.port = port
        self.log = log

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.server.path}"

    def ask(self, path, body):
        """Sends one request on a connection of its own; gives the answer's status and body."""
        method, body = ("GET", b"") if body is None else ("POST", json.dumps(body).encode())
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            "connection: close\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as stream:
            stream.sendall(head.encode() + body)
            answer = b"".join(iter(lambda: stream.recv(1 << 16), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body

    def wait_for_answer(self):
        """Asks until there is an answer of the model; gives the time of that."""
        ends = time.perf_counter() + PATIENCE
        while time.perf_counter() < ends:
            with contextlib.suppress(ConnectionError, TimeoutError, IndexError):
                if self.ask(self.server.path, self.server.question)[0] == 200:
                    return time.perf_counter()
            if self.process.poll() is not None:
                break
            time.sleep(0.001)
        sys.exit(f"{self.server.name} gives no answer:\n{self.log.read_text()[-2000:]}")

    def cpu_seconds(self):
        """The processor time that it and its children have had."""
        return sum(_cpu_ticks(pid) for pid in self._pids()) / TICKS_A_SECOND

    def resident_mb(self):
        """The memory that it and its children hold, shared pages divided among those that share."""
        return sum(_pss_kb(pid) for pid in self._pids()) / 1e3

    def _pids(self):
        """The processes of its session."""
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and _session(entry.name) == self.process.pid:
                yield entry.name


def _stop(process):
    """Ends a server and its children, whether they want to or not."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _stat(pid):
    """The fields of /proc/PID/stat behind the command's name; none if the process has ended."""
    try:
        return pathlib.Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _session(pid):
    fields = _stat(pid)
    return int(fields[3]) if fields else None


def _cpu_ticks(pid):
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12]) if fields else 0


def _pss_kb(pid):
    try:
        rollup = pathlib.Path("/proc", pid, "smaps_rollup").read_text()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


def model_api(name, build, manifest=ROOT / "spin.toml", **options):
    """A server of the embedded host: of the build `debug` or `release`, or `host`, a release's."""
    host = ROOT / "target" / build / "model-api-host"
    listen = ["--listen", "127.0.0.1:{port}", "--no-build", "--from", manifest]
    return Server(name, [host, *listen], **options)


def _fastapi(name, handlers, *options):
    uvicorn = [SCRATCH / "fastapi" / "bin" / "uvicorn", "blueprint:app", "--port", "{port}"]
    quiet = ["--no-access-log", "--log-level", "warning"]
    command = [*uvicorn, *quiet, *options]
    return Server(name, command, environment={"HANDLERS": handlers}, folder=HERE / "python")


def _mlserver():
    command = [SCRATCH / "mlserver" / "bin" / "mlserver", "start", "."]
    environment = {
        "MLSERVER_HTTP_PORT": "{port}",
        "MLSERVER_GRPC_PORT": str(_free_port()),
        "MLSERVER_METRICS_PORT": str(_free_port()),
        "MLSERVER_DEBUG": "false",
    }
    return Server(
        "MLServer",
        command,
        path="/v2/models/rule/infer",
        question=TENSORS,
        environment=environment,
        folder=HERE / "python" / "mlserver",
    )


PLAIN = ["--loop", "asyncio", "--http", "h11"]
BARE = HERE / "bare" / "spin.toml"


def all_servers():
    """Every server that is there: Spin and wasmtime only if they are on the PATH."""
    yield model_api("model-api, a release's host", "host")
    yield model_api("model-api, cargo run --release", "release")
    yield model_api("model-api, cargo run", "debug")
    yield model_api("bare component", "host", BARE)
    axum = [ROOT / "target/release/bench-axum", "127.0.0.1:{port}"]
    yield Server("native axum", axum, wrk_threads=2)
    # As `pip install fastapi uvicorn` has them.
    yield _fastapi("FastAPI, def", "def", *PLAIN)
    yield _fastapi("FastAPI, async def", "async", *PLAIN)
    yield _fastapi("FastAPI, async def, uvicorn[standard]", "async")
    yield _mlserver()
    if spin := shutil.which("spin"):
        up = [spin, "up", "--quiet", "--listen", "127.0.0.1:{port}", "--from"]
        memory = ["--runtime-config-file", ROOT / "runtime-config.toml"]
        yield Server("spin up", [*up, ROOT / "spin.toml", *memory])
        yield Server("spin up, bare component", [*up, BARE])
    if wasmtime := shutil.which("wasmtime"):
        component = ROOT / "target/wasm32-wasip1/release/bench_bare.wasm"
        serve = [wasmtime, "serve", "-Scli", "--addr", "127.0.0.1:{port}", component]
        yield Server("wasmtime serve, bare component", serve)
