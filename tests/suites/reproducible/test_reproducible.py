"""The components of a release have the same bytes wherever they are built, and by whom.

They are built here, and from a copy of the sources in another folder, where another user has another
name, home and folder of cargo's. Each takes a minute and a half when nothing of it is built yet.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

from embedded_host import ROOT

# Runs what follows as a user that has another number, and sees what this one may see.
ANOTHER_USER = ["unshare", "--map-user=4711", "--map-group=4711"]


def output(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def another_place(tmp_path):
    """An empty folder, which is removed after the test: what is built in it is large."""
    yield tmp_path
    shutil.rmtree(tmp_path)


def copy_sources(folder):
    """Copies what git knows of, and what it would add."""
    listed = output("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    files = [file for file in listed.split("\0") if (ROOT / file).is_file()]
    archive = subprocess.Popen(["tar", "-c", *files], cwd=ROOT, stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x"], cwd=folder, stdin=archive.stdout, check=True)
    assert archive.wait() == 0


def another_environment(home):
    """The environment of a user with that home. What cargo has downloaded is in it by another path."""
    cargo = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    (home / "another-cargo").symlink_to(cargo.resolve())
    return os.environ | {
        "HOME": str(home),
        "USER": "another",
        "CARGO_HOME": str(home / "another-cargo"),
        "RUSTUP_HOME": output("rustup", "show", "home").strip(),
    }


def digests(folder, environment, user=()):
    """Builds the components there. Returns their digests, and the Rust that built them."""
    command = [*user, ".ci/components"]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return (folder / "target" / "components" / "SHA256SUMS").read_text()


def test_another_folder_and_another_user_make_the_same_bytes(another_place):
    folder = another_place / "another" / "folder"
    folder.mkdir(parents=True)
    copy_sources(folder)
    here = digests(ROOT, os.environ)
    there = digests(folder, another_environment(another_place), ANOTHER_USER)
    assert "model_api_service.wasm" in here
    assert here == there
