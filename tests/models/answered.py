"""What the libraries answered, as `cargo test` reads it.

`answers/<data>.json` has a line for each model that was asked the rows of `rows/<data>.csv`: its name, and
for each row a text with a label and probabilities, or with numbers, between commas. A model that is trained
anew changes its own line alone.
"""

import json


def save(folder, found):
    """Adds answers to those of a folder, and drops those of models that are gone. Each name has its data and
    the texts of its rows."""
    answers = folder / "answers"
    answers.mkdir(exist_ok=True)
    kept = {}
    for path in answers.iterdir():
        for name, rows in json.loads(path.read_text()).items():
            kept[name] = path.stem, rows
        path.unlink()
    kept |= found
    models = {path.stem for path in (folder / "exports").iterdir()}
    for data in {data for data, _ in kept.values()}:
        found = {name: rows for name, (of, rows) in kept.items() if of == data and name in models}
        if found:
            (answers / f"{data}.json").write_text(lines(found))


def lines(found):
    """A JSON object with a line for each name."""
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found)) + "\n}\n"
