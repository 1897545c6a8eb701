"""A load on a server: wrk, and what the server took for it."""

import json
import subprocess
import tempfile

from servers import HERE


def load(process, connections, seconds, question=None, pause_ms=None):
    """Sends one question again and again on so many connections, at once or after a pause. Gives
    wrk's figures, and the processor time of the server for each request, in microseconds."""
    question = question or process.server.question
    body = question if isinstance(question, bytes) else json.dumps(question).encode()
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        before = process.cpu_seconds()
        arguments = [file.name] if pause_ms is None else [file.name, str(pause_ms)]
        threads = min(connections, process.server.wrk_threads)
        figures = _wrk(process.url, connections, threads, seconds, arguments)
        cpu = process.cpu_seconds() - before
    figures["a_second"] = figures["requests"] / figures["seconds"]
    figures["cpu_us"] = cpu / max(figures["requests"], 1) * 1e6
    return figures


def _wrk(url, connections, threads, seconds, arguments):
    command = ["wrk", f"--connections={connections}", f"--threads={threads}"]
    command += [f"--duration={seconds}s", "--timeout=60s", f"--script={HERE}/python/post.lua"]
    command += [url, "--", *arguments]
    output = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(output.stdout.splitlines()[-1])
