"""Generators of clients, as they are published: each takes the whole document, and what it makes
of it predicts."""

import json
import pathlib
import shutil
import subprocess
import sys
import urllib.request

import pytest

from embedded_host import ROOT, serve, with_model

HERE = pathlib.Path(__file__).parent
# What tests/suites/run installs there.
GO_TOOLS = ROOT / "target" / "suites"
NODE_MODULES = ROOT / "target" / "suites" / "openapi-node" / "node_modules"
PREDICTED = ["High Risk 0.92 v1.0.0", "High Risk", "Low Risk"]


def run(*command, folder):
    """What a program prints, which must succeed."""
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def python(name):
    return pathlib.Path(sys.executable).with_name(name)


def node(name):
    return NODE_MODULES / ".bin" / name


def openapi_python_client(document, folder):
    # It says what it leaves out as a warning. It formats its code with ruff, if that is there.
    config = folder / "config.yaml"
    config.write_text("post_hooks: []\n")
    command = [python("openapi-python-client"), "generate", "--path", document]
    command += ["--output-path", "python_client", "--meta", "none", "--config", config]
    run(*command, "--fail-on-warning", folder=folder)


def datamodel_code_generator(document, folder):
    command = [python("datamodel-codegen"), "--input", document, "--input-file-type", "openapi"]
    command += ["--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin"]
    run(*command, "--output", "pydantic_models.py", folder=folder)


def openapi_typescript(document, folder):
    run(node("openapi-typescript"), document, "--output", "service.ts", folder=folder)


def oapi_codegen(document, folder):
    (folder / "oapi").mkdir()
    command = [GO_TOOLS / "oapi-codegen", "-generate", "types,client", "-package", "oapi"]
    run(*command, "-o", "oapi/oapi.go", document, folder=folder)


def ogen(document, folder):
    command = [GO_TOOLS / "ogen", "--package", "ogen", "--target", "ogen", "--clean"]
    run(*command, document, folder=folder)


GENERATORS = [
    openapi_python_client,
    datamodel_code_generator,
    openapi_typescript,
    oapi_codegen,
    ogen,
]


@pytest.fixture(scope="module")
def document(server, tmp_path_factory):
    """The document of the running service, as a file."""
    return fetch_document(server, tmp_path_factory.mktemp("document"))


@pytest.fixture(scope="module")
def other_document(tmp_path_factory):
    """That of a model that has something of everything."""
    folder = tmp_path_factory.mktemp("triage")
    with serve(folder, with_model(folder, "triage")) as address:
        return fetch_document(address, folder)


def fetch_document(server, folder):
    file = folder / "openapi.json"
    with urllib.request.urlopen(f"{server}/openapi.json") as response:
        file.write_bytes(response.read())
    return file


@pytest.mark.parametrize("generate", GENERATORS)
def test_a_client_is_generated_for_another_model(other_document, tmp_path, generate):
    generate(other_document, tmp_path)


def test_spectral_finds_nothing(document, other_document):
    command = [node("spectral"), "lint", "--ruleset", HERE / "spectral.yaml"]
    command += ["--fail-severity", "hint", "--quiet"]
    run(*command, document, other_document, folder=HERE)


def test_the_client_of_openapi_python_client_predicts(server, document, tmp_path, monkeypatch):
    openapi_python_client(document, tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    from python_client import Client, models
    from python_client.api.open_inference_protocol import infer
    from python_client.api.predictions import predict

    client = Client(base_url=server)
    row = models.Row(age=65, cholesterol=240)
    answer = predict.sync(client=client, body=models.RowRequest(patient_data=row))
    assert answer.to_dict() == {
        "prediction": "High Risk",
        "confidence": 0.92,
        "model_version": "v1.0.0",
    }
    # The second row has no cholesterol.
    tensor = models.InputTensor(
        name="rows", datatype=models.Datatype.FP64, shape=[2, 2], data=[[65, 240], [45, None]]
    )
    answer = infer.sync(
        models.InferModel.HEART_RISK_DEMO,
        client=client,
        body=models.InferenceRequest(inputs=[tensor]),
    )
    assert answer.outputs[0].data == ["High Risk", "Low Risk"]


def test_the_models_of_datamodel_code_generator_take_the_exchange(
    server, document, tmp_path, monkeypatch
):
    datamodel_code_generator(document, tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    import pydantic_models as models

    row = models.Row(age=65, cholesterol=240)
    body = models.RowRequest(patient_data=row).model_dump_json().encode()
    request = urllib.request.Request(
        f"{server}/predict", body, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as response:
        answer = models.Prediction.model_validate(json.load(response))
    assert (answer.prediction.value, answer.confidence) == ("High Risk", 0.92)


def test_the_client_of_openapi_typescript_predicts(server, document, tmp_path):
    project = tmp_path / "typescript"
    shutil.copytree(HERE / "typescript", project)
    (project / "node_modules").symlink_to(NODE_MODULES)
    openapi_typescript(document, project)
    run(node("tsc"), folder=project)
    assert run("node", "predict.js", server, folder=project).splitlines() == PREDICTED


def test_the_clients_of_oapi_codegen_and_ogen_predict(server, document, tmp_path):
    module = tmp_path / "go"
    shutil.copytree(HERE / "go", module)
    oapi_codegen(document, module)
    ogen(document, module)
    # -trimpath, so that a second run finds what the first one compiled.
    printed = run("go", "run", "-trimpath", ".", server, folder=module)
    assert printed.splitlines() == 2 * PREDICTED
