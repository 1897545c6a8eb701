"""What the libraries answered, as `cargo test` reads it.

`answers.json` has a line for each model: its name, the name of its rows in `rows/`, and for each row a text
with a label and probabilities, or with numbers, between commas. A model that is trained anew changes its own
line alone.
"""

import json


def read(folder):
    """The data and the texts of the answers, by the model's name."""
    path = folder / "answers.json"
    return json.loads(path.read_text()) if path.exists() else {}


def save(folder, found):
    """Adds answers to those of a folder, and drops those of models that are gone. Each name has its data and
    the texts of its rows."""
    models = {path.stem for path in (folder / "exports").iterdir()}
    kept = {name: answers for name, answers in (read(folder) | found).items() if name in models}
    (folder / "answers.json").write_text(lines(kept))


def lines(found):
    """A JSON object with a line for each name."""
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found)) + "\n}\n"
