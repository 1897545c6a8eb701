"""Writes small networks of PyTorch and what onnxruntime answers, beside those of export.py.

    pip install torch onnx onnxscript onnxruntime && python export_torch.py

PyTorch takes gigabytes, so that it has a script of its own; its exports are committed.
"""

import pathlib
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from answered import save

HERE = pathlib.Path(__file__).parent
NETWORKS = {
    "torch-softmax": lambda: [torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3),
                              torch.nn.Softmax(dim=1)],
    "torch-sigmoid": lambda: [torch.nn.Linear(6, 8), torch.nn.BatchNorm1d(8), torch.nn.GELU(),
                              torch.nn.Linear(8, 1), torch.nn.Sigmoid()],
    "torch-regressor": lambda: [torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Dropout(),
                                torch.nn.Linear(8, 1)],
    "torch-layers": lambda: [torch.nn.Linear(6, 8), torch.nn.LayerNorm(8), torch.nn.LeakyReLU(),
                             torch.nn.Linear(8, 8), torch.nn.ELU(), torch.nn.Linear(8, 8),
                             torch.nn.SiLU(), torch.nn.Linear(8, 2)],
}


def main():
    warnings.simplefilter("ignore")
    rows = np.loadtxt(HERE / "rows" / "numbers.csv", delimiter=",", skiprows=1, dtype=np.float32)
    for name, layers in NETWORKS.items():
        torch.manual_seed(0)
        network = torch.nn.Sequential(*layers())
        network.eval()
        for exporter in ["dynamo", "classic"]:
            path = HERE / "exports" / f"{name}-{exporter}.onnx"
            sample = torch.from_numpy(rows[:2])
            if exporter == "dynamo":
                torch.onnx.export(network, (sample,), path, dynamo=True, external_data=False,
                                  dynamic_shapes=({0: torch.export.Dim("rows")},))
            else:
                torch.onnx.export(network, (sample,), path, dynamo=False, input_names=["input"],
                                  dynamic_axes={"input": {0: "rows"}})
            without_paths(path)
            session = onnxruntime.InferenceSession(path)
            found = session.run(None, {session.get_inputs()[0].name: rows})[0]
            write(f"{name}-{exporter}", name, found)


def without_paths(path):
    """Drops what the exporter notes of the machine: files and lines of each node."""
    model = onnx.load(path)
    del model.graph.metadata_props[:]
    for part in [*model.graph.node, *model.graph.initializer, *model.graph.value_info,
                 *model.graph.input, *model.graph.output]:
        del part.metadata_props[:]
        if hasattr(part, "doc_string"):
            part.doc_string = ""
    onnx.save(model, path)


def write(name, network, found):
    """A classifier's label is the place of its most probable class."""
    lines = []
    for row in found:
        numbers = [str(one) for one in row]
        if "softmax" in network:
            numbers = [str(row.argmax())] + numbers
        if "sigmoid" in network:
            numbers = [str(int(row[0] > 0.5)), str(1 - row[0])] + numbers
        lines.append(",".join(numbers))
    save(HERE, {name: ("numbers", lines)})


if __name__ == "__main__":
    main()
