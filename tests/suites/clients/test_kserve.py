"""KServe's own client, with its first protocol: rows as objects, and their explanations."""

import asyncio

import httpx
import kserve
import pytest

MODEL = "heart-risk-demo"
ROWS = {"instances": [{"age": 65, "cholesterol": 240}, {"age": 45}]}


def ask(server, method, rows):
    async def call():
        client = kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v1"))
        try:
            return await getattr(client, method)(server, model_name=MODEL, data=rows)
        finally:
            await client.close()

    return asyncio.run(call())


def test_rows_are_predicted(server):
    predictions = ask(server, "infer", ROWS)["predictions"]
    assert [row["prediction"] for row in predictions] == ["High Risk", "Low Risk"]
    assert [row["confidence"] for row in predictions] == [0.92, 0.75]


def test_rows_are_explained(server):
    explanations = ask(server, "explain", ROWS)["explanations"]
    assert [explanation["total"] for explanation in explanations] == [0.92, 0.25]
    for explanation in explanations:
        sizes = [part["contribution"] for part in explanation["contributions"]]
        assert explanation["base"] + sum(sizes) == pytest.approx(explanation["total"], abs=1e-15)


def test_what_is_wrong_is_said(server):
    with pytest.raises(httpx.HTTPStatusError, match="Input should be less than or equal to"):
        ask(server, "infer", {"instances": [{"age": 650}]})
