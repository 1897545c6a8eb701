"""A load on a server: wrk, and what the server took for it."""

import json
import subprocess
import tempfile

from servers import HERE


def load(process, connections, seconds, question=None):
    """Sends one question again and again on so many connections. Gives wrk's figures, and the
    processor time of the server for each request, in microseconds."""
    question = question or process.server.question
    body = question if isinstance(question, bytes) else json.dumps(question).encode()
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        before = process.cpu_seconds()
        figures = _wrk(process.url, connections, seconds, file.name)
        cpu = process.cpu_seconds() - before
    figures["a_second"] = figures["requests"] / figures["seconds"]
    figures["cpu_us"] = cpu / max(figures["requests"], 1) * 1e6
    return figures


def _wrk(url, connections, seconds, body):
    threads = min(connections, 2)
    command = ["wrk", f"--connections={connections}", f"--threads={threads}"]
    command += [f"--duration={seconds}s", "--timeout=60s", f"--script={HERE}/python/post.lua"]
    output = subprocess.run([*command, url, "--", body], capture_output=True, text=True, check=True)
    return json.loads(output.stdout.splitlines()[-1])
