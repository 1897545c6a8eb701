"""The program, as it is installed, in a namespace without network, with an empty home and no Rust on the PATH.

It is the release in target/dist, if `.ci/release` has made one. Else it is the wheel of target/debug/model-api,
and the tests of what a release alone has are skipped.
"""

import csv
import ctypes
import dataclasses
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import urllib.request

import pytest

from embedded_host import ROOT, run_command

DIST = ROOT / "target" / "dist"
EXAMPLE = ROOT / "examples" / "heart-disease"
ANYWHERE = ["--listen", "127.0.0.1:0"]


@pytest.fixture(scope="module", autouse=True)
def no_network():
    """Moves the tests to a network of their own, where this machine alone can be reached."""
    user, group = os.geteuid(), os.getegid()
    new_user, new_network = 0x10000000, 0x40000000
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(new_user | new_network) == 0, os.strerror(ctypes.get_errno())
    pathlib.Path("/proc/self/setgroups").write_text("deny")
    pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    pathlib.Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    # Its loopback is down: SIOCSIFFLAGS, with IFF_UP.
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """The folder of the release, or of the wheel of what is built."""
    if (DIST / "SHA256SUMS").exists():
        return DIST
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([ROOT / ".ci/pack", ROOT / "target/debug/model-api", folder], check=True)
    return folder


@pytest.fixture
def only_in_a_release(dist):
    if dist != DIST:
        pytest.skip("target/dist has no release")


def the(folder, pattern):
    """The one file of a pattern."""
    found, = folder.glob(pattern)
    return found


@dataclasses.dataclass
class Program:
    """The program as a user has it: in a folder with the example, with an empty home."""

    command: list
    folder: pathlib.Path
    environment: dict

    def __call__(self, *arguments):
        return self.run(*self.command, *arguments)

    def run(self, *command):
        """Runs a command, and gives what it prints."""
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def serve(self, file):
        command = [*self.command, "serve", file, *ANYWHERE]
        return run_command(self.folder, command, cwd=self.folder, env=self.environment)


@pytest.fixture(scope="module")
def installed(dist, tmp_path_factory):
    """The folder of the programs of a new environment with the wheel."""
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    install = ["pip", "install", "--quiet", "--no-index", "--disable-pip-version-check"]
    subprocess.run([environment / "bin/python", "-m", *install, the(dist, "*.whl")], check=True)
    return environment / "bin"


@pytest.fixture(params=["wheel", "executable"])
def program(request, dist, tmp_path):
    """The program of the wheel, and the executable."""
    command, path = ["model-api"], "/nowhere"
    if request.param == "wheel":
        path = str(request.getfixturevalue("installed"))
    else:
        request.getfixturevalue("only_in_a_release")
        command = [the(dist, "model-api-*-musl")]
    folder, home = tmp_path / "models", tmp_path / "home"
    home.mkdir()
    copy_example(folder)
    # Python would look on the PATH of the tests.
    command[0] = shutil.which(command[0], path=path)
    assert command[0], f"no program in {path}"
    return Program(command, folder, {"HOME": str(home), "PATH": path})


def copy_example(folder):
    folder.mkdir()
    for name in ["heart-disease.onnx", "heart-disease.toml", "cleveland.csv"]:
        shutil.copy(EXAMPLE / name, folder)


def read(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def expected():
    """The predictions by the library that trained the model."""
    return [row["prediction"] for row in read(EXAMPLE / "predictions.csv")]


def cell(text):
    """A cell as JSON has it."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def predictions(url):
    """The predictions of a server for the rows of the example."""
    rows = [
        {name: cell(text) for name, text in row.items() if text and name != "disease"}
        for row in read(EXAMPLE / "cleveland.csv")
    ]
    request = urllib.request.Request(f"{url}/predict", json.dumps(rows).encode())
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request) as response:
        return [answer["prediction"] for answer in json.load(response)["predictions"]]


def test_there_is_no_network_here_and_no_rust(program):
    assert [name for _, name in socket.if_nameindex()] == ["lo"]
    for tool in ["cargo", "rustc", "rustup"]:
        assert shutil.which(tool, path=program.environment["PATH"]) is None


def test_a_file_is_scored(program):
    program("predict", "heart-disease.onnx", "--input", "cleveland.csv", "--output", "answers.csv")
    answers = read(program.folder / "answers.csv")
    assert [answer["prediction"] for answer in answers] == expected()


def test_a_model_is_served(program):
    with program.serve("heart-disease.onnx") as host:
        assert predictions(host.url) == expected()


def test_an_application_is_imported_and_served(program):
    program("import", "heart-disease.onnx", "--app", "heart")
    with program.serve("heart/spin.toml") as host:
        assert predictions(host.url) == expected()


def test_python_runs_the_program_of_the_wheel_as_a_module(installed, tmp_path):
    python = Program([installed / "python", "-m", "model_api"], tmp_path, {"HOME": str(tmp_path)})
    assert python("--version") == python.run(installed / "model-api", "--version")


@pytest.fixture
def image(dist, only_in_a_release, tmp_path):
    """The configuration of the image, and a folder with its files."""
    with tarfile.open(the(dist, "*.oci.tar")) as layout:

        def blob(described):
            algorithm, digest = described["digest"].split(":")
            content = layout.extractfile(f"blobs/{algorithm}/{digest}").read()
            assert (hashlib.sha256(content).hexdigest(), len(content)) == (digest, described["size"])
            return content

        index = json.load(layout.extractfile("index.json"))
        manifest = json.loads(blob(index["manifests"][0]))
        configuration = json.loads(blob(manifest["config"]))
        layer, = manifest["layers"]
        packed = tmp_path / "layer.tar.gz"
        packed.write_bytes(blob(layer))
    root = tmp_path / "root"
    with tarfile.open(packed) as files:
        files.extractall(root, filter="tar")
    return configuration, root


def test_the_image_has_the_executable_alone(image):
    configuration, root = image
    assert [path.name for path in root.rglob("*")] == ["model-api"]
    assert configuration["config"]["Entrypoint"] == ["/model-api"]


# Mounts the models into the image, and nothing else; then nothing can be written. A namespace of another user is
# where the program has the number of the image's user.
CONTAINER = """
set -e
mount --bind "$1" "$1"
mount --bind "$2" "$1/models"
mount -o remount,bind,ro "$1/models"
mount -o remount,bind,ro "$1"
root=$1 user=$3
shift 3
exec unshare --user --map-user="$user" --map-group="$user" --keep-caps /usr/sbin/chroot "$root" "$@"
"""


def test_the_image_serves_with_a_read_only_root_as_its_user(image, tmp_path):
    configuration, root = image
    # As a runtime makes the place of a mount.
    (root / "models").mkdir()
    copy_example(tmp_path / "models")
    user, _ = configuration["config"]["User"].split(":")
    command = [*configuration["config"]["Entrypoint"], "serve", "/models/heart-disease.onnx", *ANYWHERE]
    container = ["unshare", "--mount", "sh", "-c", CONTAINER, "sh", root, tmp_path / "models", user]
    with run_command(tmp_path, [*container, *command], env={"PATH": os.environ["PATH"]}) as host:
        assert predictions(host.url) == expected()
        assert pathlib.Path(f"/proc/{host.process.pid}/exe").readlink().name == "model-api"
        warnings = [line for line in host.log.read_text().splitlines() if "warning" in line]
    assert len(warnings) == 1 and "compiled code is not kept" in warnings[0]


def test_no_file_of_a_release_names_a_folder_of_its_builder(dist, only_in_a_release):
    for file in [the(dist, "model-api-*-musl"), the(dist, "*.cdx.json")]:
        content = file.read_bytes()
        for folder in [ROOT, pathlib.Path.home()]:
            assert f"{folder}/".encode() not in content, (file, folder)


def test_packing_twice_gives_the_same_bytes(dist, only_in_a_release, tmp_path):
    program = the(dist, "model-api-*-musl")
    # Where files get other times, and other rights.
    for folder, zone, mask in [("here", "UTC", 0o022), ("there", "Asia/Tokyo", 0o077)]:
        (tmp_path / folder).mkdir()
        environment = os.environ | {"TZ": zone}
        subprocess.run([ROOT / ".ci/pack", program, tmp_path / folder], check=True, env=environment, umask=mask)
    here = {file.name: file.read_bytes() for file in (tmp_path / "here").iterdir()}
    assert here == {file.name: file.read_bytes() for file in (tmp_path / "there").iterdir()}
    assert len(here) == 2


def test_every_file_of_a_release_has_its_digest(dist, only_in_a_release):
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=dist, check=True)
    named = {line.split()[-1] for line in (dist / "SHA256SUMS").read_text().splitlines()[1:]}
    assert named | {"SHA256SUMS"} == {path.name for path in dist.iterdir() if path.is_file()}
