"""Compares the servers in one interleaved run, and writes what it measured as JSON."""

import argparse
import contextlib
import json
import pathlib
import shutil
import statistics

import machine
from load import load
from servers import SCRATCH, all_servers

# Connections that ask again as soon as they have an answer, or after a pause in milliseconds: then
# every server has the same to do, and none of them is full.
LOADS = {
    "1 connection": (1, None),
    "8 connections": (8, None),
    "64 connections": (64, None),
    "8 connections with pauses": (8, 4),
}
STARTS = 5


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=4, help="of each load")
    arguments.add_argument("--only", help="servers whose name has this in it")
    arguments.add_argument("--out", type=pathlib.Path, default=SCRATCH / "speed.json")
    arguments = arguments.parse_args()
    servers = [server for server in all_servers() if (arguments.only or "") in server.name]
    results = {
        "machine": machine.description(),
        "rounds": arguments.rounds,
        "requests": _rounds(servers, arguments.rounds, arguments.seconds),
        "starts": _starts(servers),
    }
    arguments.out.write_text(json.dumps(results, indent=1) + "\n")


def _rounds(servers, rounds, seconds):
    """By server and load, each figure's median over the rounds."""
    figures = {server.name: {name: [] for name in LOADS} for server in servers}
    with contextlib.ExitStack() as running:
        processes = [running.enter_context(server.running()) for server in servers]
        for process in processes:
            load(process, 8, 2)
        for number in range(rounds):
            for name, (connections, pause_ms) in LOADS.items():
                for process in processes:
                    seen = load(process, connections, seconds, pause_ms=pause_ms)
                    seen["resident_mb"] = process.resident_mb()
                    figures[process.server.name][name].append(seen)
                    print(f"{number} {process.server.name}, {name}: {seen}", flush=True)
    return {
        server: {name: medians(seen) for name, seen in loads.items()}
        for server, loads in figures.items()
    }


def medians(measured):
    """The medians of what was measured several times, figure by figure."""
    if isinstance(measured[0], dict):
        return {name: medians([seen[name] for seen in measured]) for name in measured[0]}
    return statistics.median(measured)


def _starts(servers):
    """By server, the seconds from its start to its first answer, with what it has compiled before
    (warm) and without."""
    cache = SCRATCH / "cache"
    starts = {}
    for server in servers:
        server.environment["XDG_CACHE_HOME"] = str(cache)
        colds, warms = [], []
        for _ in range(STARTS):
            shutil.rmtree(cache, ignore_errors=True)
            colds.append(_first_answer(server))
            warms.append(_first_answer(server))
        starts[server.name] = {
            "cold": statistics.median(colds),
            "warm": statistics.median(warms),
        }
    return starts


def _first_answer(server):
    with server.running() as process:
        return process.first_answer


if __name__ == "__main__":
    main()
