"""What the libraries answered, as `cargo test` reads it.

`answers.json` has a line for each model: its name, the name of its rows in `rows/`, and for each row a text
with a label and probabilities, or with numbers, between commas. A model that is trained anew changes its own
line alone.
"""

import gzip
import json
import tarfile


def read(folder):
    """The data and the texts of the answers, by the model's name."""
    path = folder / "answers.json"
    return json.loads(path.read_text()) if path.exists() else {}


def pack(folder):
    """Packs the models of a folder into `exports.tar.gz`. The same models make the same bytes."""
    with gzip.GzipFile(folder / "exports.tar.gz", "wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for path in sorted((folder / "exports").iterdir()):
            entry = tarfile.TarInfo(path.name)
            entry.size = path.stat().st_size
            with path.open("rb") as file:
                tar.addfile(entry, file)


def unpack(folder):
    """Unpacks the models of `exports.tar.gz`."""
    with tarfile.open(folder / "exports.tar.gz") as tar:
        tar.extractall(folder / "exports", filter="data")


def save(folder, found):
    """Adds answers to those of a folder, and drops those of models that are gone. Each name has its data and
    the texts of its rows."""
    models = {path.stem for path in (folder / "exports").iterdir()}
    kept = {name: answers for name, answers in (read(folder) | found).items() if name in models}
    (folder / "answers.json").write_text(lines(kept))


def lines(found):
    """A JSON object with a line for each name."""
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found)) + "\n}\n"
