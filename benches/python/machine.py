"""The machine, the versions and the commit of a measurement."""

import datetime
import os
import pathlib
import platform
import shutil
import subprocess

from servers import ROOT, SCRATCH


def description():
    """What a reader needs to know of where the figures come from."""
    return {
        "date": datetime.date.today().isoformat(),
        "commit": _first_line("git", "rev-parse", "--short=12", "HEAD"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
        "rust": _first_line("rustc", "--version"),
        "python": platform.python_version(),
        "packages": _packages(),
        "tools": [_version(tool) for tool in ("wrk", "spin", "wasmtime") if shutil.which(tool)],
    }


def _first_line(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return (done.stdout or done.stderr).partition("\n")[0]


def _version(tool):
    return _first_line(tool, "--version").partition(" Copyright")[0]


def _processor():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))


def _packages():
    names = {
        "fastapi": ("fastapi==", "uvicorn==", "pydantic==", "prometheus-fastapi"),
        "mlserver": ("mlserver==",),
    }
    listed = []
    for environment, wanted in names.items():
        pip = SCRATCH / environment / "bin" / "pip"
        lines = subprocess.run([pip, "freeze"], capture_output=True, text=True).stdout.split()
        listed += [line.replace("==", " ") for line in lines if line.startswith(wanted)]
    return listed
