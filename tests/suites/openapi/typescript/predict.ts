// Predicts through openapi-fetch, whose types are made of the service's document. The test puts
// them beside this file, as service.ts.
import createClient from "openapi-fetch";
import type { paths } from "./service.js";

// Node's types are a package of their own.
declare const process: { argv: string[] };

const client = createClient<paths>({ baseUrl: process.argv[2] });

const predicted = await client.POST("/predict", {
  body: { patient_data: { age: 65, cholesterol: 240 } },
});
if (predicted.data === undefined || !("prediction" in predicted.data)) {
  throw new Error(JSON.stringify(predicted.error));
}
const { prediction, confidence, model_version } = predicted.data;
console.log(prediction, confidence, model_version);

const inferred = await client.POST("/v2/models/{model}/infer", {
  params: { path: { model: "heart-risk-demo" } },
  // The second row has no cholesterol.
  body: { inputs: [{ name: "rows", datatype: "FP64", shape: [2, 2], data: [[65, 240], [45, null]] }] },
});
// Binary data would be a string.
if (typeof inferred.data !== "object") {
  throw new Error(JSON.stringify(inferred.error));
}
for (const label of inferred.data.outputs[0]?.data ?? []) {
  console.log(label);
}
