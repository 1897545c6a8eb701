"""The rule of the default model, for MLServer."""

from mlserver import MLModel
from mlserver.codecs import StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Rule(MLModel):
    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        age, cholesterol = (column.data[0] for column in payload.inputs)
        is_high = age > 50 and cholesterol > 200
        prediction = StringCodec.encode_output("prediction", ["High Risk" if is_high else "Low Risk"])
        return InferenceResponse(model_name=self.name, outputs=[prediction])
