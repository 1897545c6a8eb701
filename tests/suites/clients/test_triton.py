"""Triton's client, as it is published, against the service: with JSON, and with the binary data
that it sends unless it is told not to."""

import numpy
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

MODEL = "heart-risk-demo"


@pytest.fixture
def client(server):
    with triton.InferenceServerClient(server.removeprefix("http://")) as client:
        yield client


def tensor(name, values, datatype, binary=True):
    tensor = triton.InferInput(name, list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=binary)
    return tensor


def ages_and_cholesterol(binary=True):
    return [
        tensor("age", numpy.array([65.0, 45.0]), "FP64", binary),
        tensor("cholesterol", numpy.array([240, 180], dtype=numpy.int32), "INT32", binary),
    ]


def check(result):
    assert list(result.as_numpy("risk")) in ([b"High Risk", b"Low Risk"], ["High Risk", "Low Risk"])
    assert list(result.as_numpy("risk_confidence")) == [0.92, 0.75]


def test_server_and_model_are_live_and_ready(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(MODEL)
    assert client.is_model_ready(MODEL, "v1.0.0")
    assert not client.is_model_ready("other")


def test_the_metadata_is_what_the_client_expects(client):
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    metadata = client.get_model_metadata(MODEL, "v1.0.0")
    assert [tensor["name"] for tensor in metadata["inputs"]] == ["age", "cholesterol"]
    outputs = [tensor["name"] for tensor in metadata["outputs"]]
    assert outputs == ["risk", "risk_confidence", "risk_contributions"]


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_tensors_by_name_are_inferred(client, binary):
    check(client.infer(MODEL, ages_and_cholesterol(binary)))


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_outputs_come_as_they_are_asked_for(client, binary):
    outputs = [
        triton.InferRequestedOutput(name, binary_data=binary)
        for name in ["risk_confidence", "risk"]
    ]
    result = client.infer(MODEL, ages_and_cholesterol(), outputs=outputs, request_id="r-7")
    check(result)
    response = result.get_response()
    assert response["id"] == "r-7"
    assert [output["name"] for output in response["outputs"]] == ["risk_confidence", "risk"]


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_contributions_come_if_they_are_asked_for_by_name(client, binary):
    outputs = [triton.InferRequestedOutput("risk_contributions", binary_data=binary)]
    result = client.infer(MODEL, ages_and_cholesterol(), outputs=outputs)
    contributions = result.as_numpy("risk_contributions")
    # Age, cholesterol, and the base: the probability of a high risk at the reference person's.
    numpy.testing.assert_allclose(contributions, [[0.67, 0, 0.25], [0, 0, 0.25]], atol=1e-15)
    assert result.as_numpy("risk") is None


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16", "int64", "uint8"])
def test_one_tensor_of_any_number_type_is_inferred(client, dtype):
    rows = numpy.array([[65, 240], [45, 180]], dtype=dtype)
    datatype = rows.dtype.name.upper().replace("FLOAT", "FP")
    check(client.infer(MODEL, [tensor("rows", rows, datatype)]))


def test_not_a_number_is_a_missing_value(client):
    rows = numpy.array([[65, numpy.nan], [45, numpy.nan]])
    check(client.infer(MODEL, [tensor("rows", rows, "FP64")]))


def test_a_thousand_rows_are_answered_in_order(client):
    ages = numpy.arange(1000, dtype=numpy.float32) % 100
    result = client.infer(MODEL, [tensor("age", ages, "FP32")], model_version="v1.0.0")
    expected = [b"High Risk" if age > 60 else b"Low Risk" for age in ages]
    assert list(result.as_numpy("risk")) == expected


def test_what_is_wrong_is_said(client):
    with pytest.raises(InferenceServerException, match='input "age", row 1: Input should be less'):
        client.infer(MODEL, [tensor("age", numpy.array([65.0, 200.0]), "FP64")])
    with pytest.raises(InferenceServerException, match="No such model"):
        client.infer("other", ages_and_cholesterol())


def test_rows_can_be_inferred_many_at_a_time(server):
    address = server.removeprefix("http://")
    with triton.InferenceServerClient(address, concurrency=8) as client:
        pending = [client.async_infer(MODEL, ages_and_cholesterol()) for _ in range(200)]
        for request in pending:
            check(request.get_result())
