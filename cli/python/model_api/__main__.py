"""Runs the program of this package in the place of this process: `python -m model_api`."""

import os
import pathlib
import sys
import sysconfig

NAME = "model-api"


def places():
    """The folders where installers put a package's programs."""
    yield pathlib.Path(sysconfig.get_path("scripts"))
    yield pathlib.Path(sysconfig.get_path("scripts", f"{os.name}_user"))
    # `pip install --target` makes a folder beside the package.
    yield pathlib.Path(__file__).parents[1] / "bin"


def main():
    """Becomes the program, or says where it was looked for."""
    found = [folder / NAME for folder in places()]
    for program in found:
        if program.is_file():
            os.execv(program, [NAME, *sys.argv[1:]])
    looked = ", ".join(map(str, found))
    sys.exit(f"error: there is no {looked}; install the wheel of model-api again")


if __name__ == "__main__":
    main()
