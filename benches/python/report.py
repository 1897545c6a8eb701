"""Writes what was measured into docs/speed.md, its plots and the README's table."""

import argparse
import csv
import io
import json
import pathlib
import re

import matplotlib
from matplotlib import pyplot

from servers import ROOT, SCRATCH
from speed import medians

DOCS = ROOT / "docs"
PLOTS = DOCS / "speed"
BASE = "FastAPI, async def"
NATIVE = "native axum"
# The loads that are as much as a server can take.
FULL = ["1 connection", "8 connections", "64 connections"]
# What is drawn, by what grows: its axis, and a figure with its axis.
GROWTH = {
    "rows": ("rows", "rows in a request", "p50_ms", "median answer, ms"),
    "features": ("features", "features", "p50_ms", "median answer, ms"),
    "classes": ("classes", "classes", "p50_ms", "median answer, ms"),
    "series": ("series", "series of a scrape", "scrape_ms", "a scrape, ms"),
    "sizes": ("bytes", "bytes of the model", "p50_ms", "median answer, ms"),
    "starts": ("bytes", "bytes of the model", "warm_seconds", "first answer, warm, s"),
    "connections": ("connections", "connections", "a_second", "predictions a second"),
    "memory": ("connections", "connections", "resident_mb", "resident memory, MB"),
    "cores": ("cores", "cores", "a_second", "predictions a second"),
}


# What is drawn of a soak, over its seconds.
SOAK = {
    "requests": "requests",
    "resident_bytes": "resident memory, MB",
    "descriptors": "open files",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "runs",
        nargs="*",
        type=pathlib.Path,
        default=[SCRATCH / "speed.json"],
        help="what the part `speed` wrote, once or several times",
    )
    parser.add_argument("--soak", type=pathlib.Path, help="draw this series of a soak, and no more")
    arguments = parser.parse_args()
    if arguments.soak:
        return _draw_soak(arguments.soak)
    runs = [json.loads(run.read_text()) for run in arguments.runs]
    if any(_kind(run) != _kind(runs[0]) for run in runs):
        parser.error("the runs are not of the same commit, machine, servers and rounds")
    requests = medians([run["requests"] for run in runs])
    growth = json.loads((SCRATCH / "growth.json").read_text())
    tables = {
        "machine": _machine(runs),
        "ratios": _ratios(requests),
        "requests": _requests(requests),
        "starts": _starts(medians([run["starts"] for run in runs])),
        "growth": _growth(growth),
    }
    _fill(DOCS / "speed.md", tables)
    _fill(ROOT / "README.md", {"ratios": tables["ratios"]})
    _draw(growth)


def _kind(run):
    """What runs have in common of which the medians mean something."""
    machine = run["machine"] | {"date": None}
    return machine, run["rounds"], list(run["requests"]), list(run["starts"])


def _machine(runs):
    machine, rounds = runs[0]["machine"], runs[0]["rounds"]
    *others, last = machine["packages"] + machine["tools"]
    method = f"Medians of {rounds} interleaved rounds."
    if len(runs) > 1:
        method = f"Medians of {len(runs)} runs, each the median of {rounds} interleaved rounds."
    return (
        f"Measured on {machine['date']} at commit {machine['commit']}, on {machine['cores']} cores "
        f"of {machine['processor']}, with {machine['system']}, {machine['rust']}, Python "
        f"{machine['python']}, {', '.join(others)} and {last}. {method}"
    )


def _ratios(requests):
    """Requests a second as multiples of the faster FastAPI's."""
    base = requests[BASE]
    rows = [
        [name, *(_round(figures[load]["a_second"] / base[load]["a_second"]) for load in FULL)]
        for name, figures in requests.items()
    ]
    return _table(["Server", *FULL], rows)


def _requests(requests):
    times = ["p50 ms", "p99 ms", "p99.9 ms"]
    heads = ["Server", "a second", "of native", *times, "CPU µs", "MB", "errors"]
    tables = []
    for load, seen in requests[NATIVE].items():
        native = seen["a_second"]
        rows = [[name, *_figures(figures[load], native)] for name, figures in requests.items()]
        tables.append(f"**{load}**\n\n{_table(heads, rows)}")
    return "\n\n".join(tables)


def _figures(seen, native):
    yield f"{seen['a_second']:,.0f}"
    yield f"{seen['a_second'] / native:.2f}"
    for name in ["p50_ms", "p99_ms", "p999_ms"]:
        yield f"{seen[name]:.2f}"
    yield f"{seen['cpu_us']:.0f}"
    yield f"{seen['resident_mb']:.0f}"
    yield f"{seen['errors']:.0f}"


def _starts(starts):
    kinds = ["cold", "warm"]
    rows = [[name, *(f"{seen[kind]:.3f}" for kind in kinds)] for name, seen in starts.items()]
    return _table(["Server", *(f"{kind} s" for kind in kinds)], rows)


def _growth(growth):
    """A table for each quantity that grows."""
    columns = {
        "rows": ["rows", "p50_ms", "p99_ms"],
        "features": ["features", "p50_ms", "p99_ms", "series", "scrape_bytes", "scrape_ms"],
        "classes": ["classes", "p50_ms", "p99_ms", "series", "scrape_bytes", "scrape_ms"],
        "sizes": ["bytes", "p50_ms", "p99_ms", "cold_seconds", "warm_seconds", "resident_mb"],
        "connections": ["connections", "a_second", "p50_ms", "p99_ms", "resident_mb", "errors"],
        "cores": ["cores", "a_second", "cpu_us"],
    }
    tables = []
    for name, heads in columns.items():
        rows = [[_number(seen[head]) for head in heads] for seen in growth[name]]
        tables.append(_table([head.replace("_", " ") for head in heads], rows))
    return "\n\n".join(tables)


def _draw(growth):
    """A plot for each quantity that grows."""
    both = sorted(growth["features"] + growth["classes"], key=lambda seen: seen["series"])
    points = growth | {"series": both, "starts": growth["sizes"], "memory": growth["connections"]}
    figure, panels = pyplot.subplots(3, 3, figsize=(11, 8.5), layout="constrained")
    for panel, (name, (x, x_label, y, y_label)) in zip(panels.flat, GROWTH.items()):
        panel.plot([seen[x] for seen in points[name]], [seen[y] for seen in points[name]], "o-")
        panel.set(xlabel=x_label, ylabel=y_label, ylim=(0, None))
        if name != "cores":
            panel.set_xscale("log")
        panel.grid(alpha=0.3)
    _save(figure, "growth")


def _draw_soak(series):
    """A plot for each column of the series that the suite `soak` writes."""
    with series.open(newline="") as file:
        samples = [{name: float(text) for name, text in row.items()} for row in csv.DictReader(file)]
    figure, panels = pyplot.subplots(1, 3, figsize=(11, 3), layout="constrained")
    for panel, (column, label) in zip(panels, SOAK.items()):
        scale = 1e6 if column == "resident_bytes" else 1
        seconds = [sample["seconds"] for sample in samples]
        panel.plot(seconds, [sample[column] / scale for sample in samples])
        panel.set(xlabel="seconds", ylabel=label, ylim=(0, None))
        panel.grid(alpha=0.3)
    _save(figure, "soak")


def _save(figure, name):
    # Letters stay text, and the same figures make the same file.
    matplotlib.rcParams["svg.fonttype"] = "none"
    matplotlib.rcParams["svg.hashsalt"] = "model-api"
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg")
    PLOTS.mkdir(exist_ok=True)
    (PLOTS / f"{name}.svg").write_text(_slim(drawn.getvalue()))


def _slim(svg):
    """The same picture without what nobody sees: the program and its date, and decimals beyond a pixel's.
    matplotlib begins a line at each point; here each tick and each side of a frame has one."""
    svg = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    decimals = lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
    places = lambda attribute: re.sub(r"-?\d+\.\d+", decimals, attribute[0])
    svg = re.sub(r'\b(d|x|y|width|height|transform)="[^"]*"', places, svg)
    svg = re.sub(r"\s*\n\s*", " ", re.sub(r">\s+<", "><", svg.strip()))
    svg = svg.replace(' "', '"').replace('=" ', '="')
    return re.sub(r'<(?=g id="(axes|matplotlib|.tick|patch)|/svg)', "\n<", svg) + "\n"


def _fill(path, tables):
    """Puts each table between its marks."""
    text = path.read_text()
    for name, table in tables.items():
        begin, end = f"<!-- measured: {name} -->", "<!-- end -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{end}", re.DOTALL)
        text = pattern.sub(lambda _: f"{begin}\n{table}\n{end}", text)
    path.write_text(text)


def _table(heads, rows):
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _round(ratio):
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}"


def _number(value):
    return f"{value:,.3f}" if isinstance(value, float) and value < 10 else f"{value:,.0f}"


if __name__ == "__main__":
    main()
