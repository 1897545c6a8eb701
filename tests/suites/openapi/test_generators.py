"""Generators of clients take the document, Spectral finds no fault in it, and a client predicts."""

import os
import pathlib
import subprocess
import sys
import urllib.request

import pytest

HERE = pathlib.Path(__file__).parent
PYTHON_TOOLS = pathlib.Path(sys.executable).parent
# Where tests/suites/run installs what comes from npm.
NODE_TOOLS = HERE.parents[2] / "target" / "suites" / "openapi-node" / "node_modules" / ".bin"

PREDICT = """
import sys
from heart_risk_demo_client import Client
from heart_risk_demo_client.api.open_inference_protocol import infer
from heart_risk_demo_client.api.predictions import predict
from heart_risk_demo_client.models import *

client = Client(base_url=sys.argv[1])
row = Row.from_dict({"age": 65, "cholesterol": 240})
answer = predict.sync(client=client, body=PredictRequest(patient_data=row))
print(answer.prediction.value, answer.confidence, answer.model_version)

tensor = {"name": "age", "datatype": "FP64", "shape": [2], "data": [65, 45]}
request = InferRequest.from_dict({"inputs": [tensor]})
answer = infer.sync(InferModel("heart-risk-demo"), client=client, body=request)
print(answer.outputs[0].data)
"""


@pytest.fixture(scope="session")
def document(server, tmp_path_factory):
    """The document of the running service, in a file."""
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    urllib.request.urlretrieve(f"{server}/openapi.json", path)
    return path


def run(*command, cwd):
    # openapi-python-client looks for ruff on the path.
    path = f"{PYTHON_TOOLS}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return output


def test_openapi_python_client_generates_a_client_that_predicts(server, document, tmp_path):
    generator = PYTHON_TOOLS / "openapi-python-client"
    output = run(generator, "generate", "--path", document, "--meta", "none", "--output-path",
                 tmp_path / "heart_risk_demo_client", cwd=tmp_path)
    # It leaves out what it does not understand, and succeeds.
    assert "Skipping" not in output and "WARNING" not in output.upper(), output
    answers = run(sys.executable, "-c", PREDICT, server, cwd=tmp_path)
    assert answers == "High Risk 0.92 v1.0.0\n['High Risk', 'Low Risk']\n"


def test_datamodel_code_generator_generates_models_that_read_answers(document, tmp_path):
    run(PYTHON_TOOLS / "datamodel-codegen", "--input", document, "--input-file-type", "openapi",
        "--output", tmp_path / "models.py", cwd=tmp_path)
    read = "from models import Prediction; print(Prediction.model_validate_json(input()).confidence)"
    answer = '{"prediction":"High Risk","confidence":0.92,"model_version":"v1.0.0"}\n'
    done = subprocess.run([sys.executable, "-c", read], cwd=tmp_path, input=answer, text=True,
                          capture_output=True)
    assert done.stdout == "0.92\n", done.stderr


def test_openapi_typescript_generates_types_that_compile(document, tmp_path):
    run(NODE_TOOLS / "openapi-typescript", document, "--output", "types.ts", cwd=tmp_path)
    run(NODE_TOOLS / "tsc", "--noEmit", "--strict", "types.ts", cwd=tmp_path)


def test_openapi_ts_generates_a_client(document, tmp_path):
    run(NODE_TOOLS / "openapi-ts", "--input", document, "--output", "client", cwd=tmp_path)
    functions = (tmp_path / "client" / "sdk.gen.ts").read_text()
    assert "export const predict =" in functions and "export const infer =" in functions


def test_oapi_codegen_generates_a_client_in_go(document, tmp_path):
    client = tmp_path / "client.go"
    run("go", "tool", "oapi-codegen", "-package", "client", "-generate", "types,client", "-o",
        client, document, cwd=HERE)
    run("gofmt", "-l", client, cwd=tmp_path)
    functions = client.read_text()
    assert ") Predict(" in functions and ") Infer(" in functions


def test_spectral_finds_no_fault(document, tmp_path):
    run(NODE_TOOLS / "spectral", "lint", document, "--ruleset", HERE / ".spectral.yaml",
        "--fail-severity", "warn", cwd=tmp_path)
