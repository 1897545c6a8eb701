"""The FastAPI service that this one replaces, with both kinds of handlers."""

import os
from typing import Any

from fastapi import FastAPI
from prometheus_fastapi_instrumentator import Instrumentator
from pydantic import BaseModel

app = FastAPI()


class Question(BaseModel):
    patient_data: dict[str, Any]


def answer(question: Question):
    age = question.patient_data.get("age", 0)
    is_high = age > 50 and question.patient_data.get("cholesterol", 0) > 200
    return {
        "prediction": "High Risk" if is_high else "Low Risk",
        "confidence": 0.92,
        "model_version": "v1.0.0",
    }


if os.environ.get("HANDLERS") == "async":

    @app.post("/predict")
    async def predict(question: Question):
        return answer(question)

else:

    @app.post("/predict")
    def predict(question: Question):
        return answer(question)


Instrumentator().instrument(app).expose(app)
