"""A registry of OCI artifacts in memory, as far as `wash oci push` and hosts use one."""

import contextlib
import hashlib
import http.server
import itertools
import threading
import urllib.parse

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Registry:
    def __init__(self):
        self.manifests = {}
        self.blobs = {}
        self.pulled = set()

    def find(self, path):
        """What is at `path`, and its media type."""
        if path in self.manifests:
            return self.manifests[path], MANIFEST
        if (blob := path.rsplit("/", 1)[-1]) in self.blobs:
            return self.blobs[blob], "application/octet-stream"
        return (b"{}", "application/json") if path == "/v2/" else (None, None)

    def keep(self, path, data):
        """Keeps a manifest, or an upload that is complete."""
        if "/manifests/" in path:
            # By its tag, and by its digest.
            for name in (path, f"{path.rsplit('/', 1)[0]}/{digest(data)}"):
                self.manifests[name] = data
        else:
            self.blobs[digest(data)] = data


@contextlib.contextmanager
def serve(registry):
    """Serves it on a free port; its name, as the first part of an image's."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        uploads = {}
        numbers = itertools.count()

        def answer(self, status, data=b"", **headers):
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def body(self):
            return self.rfile.read(int(self.headers.get("content-length", 0)))

        def do_GET(self):
            data, kind = registry.find(self.path)
            if data is None:
                self.answer(404)
                return
            self.answer(200, data, content_type=kind, docker_content_digest=digest(data))
            if self.command == "GET":
                registry.pulled.add(digest(data))

        do_HEAD = do_GET

        def do_POST(self):
            upload = f"{self.path.rstrip('/')}/{next(self.numbers)}"
            self.uploads[upload] = self.body()
            self.answer(202, location=upload)

        def do_PATCH(self):
            self.uploads[self.path] += self.body()
            end = len(self.uploads[self.path]) - 1
            self.answer(202, location=self.path, range=f"0-{end}")

        def do_PUT(self):
            path = urllib.parse.urlsplit(self.path).path
            registry.keep(path, self.uploads.pop(path, b"") + self.body())
            self.answer(201, location=path)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"localhost:{server.server_port}"
    finally:
        server.shutdown()
