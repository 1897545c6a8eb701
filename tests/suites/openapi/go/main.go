// Predicts through the clients that two generators make of the service's document. The test puts
// them beside this file, as the packages oapi and ogen.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"model-api/tests/openapi/oapi"
	"model-api/tests/openapi/ogen"
)

func main() {
	for _, predict := range []func(context.Context, string) error{
		predictByOapi, inferByOapi, predictByOgen, inferByOgen,
	} {
		if err := predict(context.Background(), os.Args[1]); err != nil {
			log.Fatal(err)
		}
	}
}

// Each prints the predictions, a line for each way to ask.

func predictByOapi(ctx context.Context, server string) error {
	client, err := oapi.NewClientWithResponses(server)
	if err != nil {
		return err
	}
	cholesterol := 240.0
	row := oapi.Row{Age: 65, Cholesterol: &cholesterol}
	var request oapi.PredictRequest
	if err := request.FromRowRequest(oapi.RowRequest{PatientData: row}); err != nil {
		return err
	}
	response, err := client.PredictWithResponse(ctx, request)
	if err != nil {
		return err
	}
	answer, err := response.JSON200.AsPrediction()
	fmt.Println(answer.Prediction, *answer.Confidence, answer.ModelVersion)
	return err
}

func inferByOapi(ctx context.Context, server string) error {
	client, err := oapi.NewClientWithResponses(server)
	if err != nil {
		return err
	}
	// A row of each feature.
	data := make([]oapi.InputTensor_Data_Item, 2)
	for index, age := range []float64{65, 45} {
		var element oapi.Element
		if err := element.FromElement0(age); err != nil {
			return err
		}
		if err := data[index].FromElement(element); err != nil {
			return err
		}
	}
	tensor := oapi.InputTensor{Name: "age", Datatype: oapi.FP64, Shape: []int{2}, Data: data}
	request := oapi.InferenceRequest{Inputs: []oapi.InputTensor{tensor}}
	response, err := client.InferWithResponse(ctx, "heart-risk-demo", nil, request)
	if err != nil {
		return err
	}
	risk := *response.JSON200.Outputs[0].Data
	for _, item := range risk {
		label, err := item.AsOutputTensorData0()
		if err != nil {
			return err
		}
		fmt.Println(label)
	}
	return nil
}

func predictByOgen(ctx context.Context, server string) error {
	client, err := ogen.NewClient(server)
	if err != nil {
		return err
	}
	row := ogen.Row{Age: 65, Cholesterol: ogen.NewOptNilFloat64(240)}
	request := ogen.NewRowRequestPredictRequest(ogen.RowRequest{PatientData: row})
	response, err := client.Predict(ctx, request)
	if err != nil {
		return err
	}
	answer := response.(*ogen.PredictAnswerHeaders).Response.Prediction
	fmt.Println(answer.Prediction, answer.Confidence.Value, answer.ModelVersion)
	return nil
}

func inferByOgen(ctx context.Context, server string) error {
	client, err := ogen.NewClient(server)
	if err != nil {
		return err
	}
	// A list for each row; the second has no cholesterol.
	tensor := ogen.InputTensor{
		Name: "rows", Datatype: ogen.DatatypeFP64, Shape: []int{2, 2},
		Data: []ogen.InputTensorDataItem{
			ogen.NewElementArrayInputTensorDataItem([]ogen.Element{
				ogen.NewFloat64Element(65), ogen.NewFloat64Element(240),
			}),
			ogen.NewElementArrayInputTensorDataItem([]ogen.Element{
				ogen.NewFloat64Element(45), ogen.NewNullElement(struct{}{}),
			}),
		},
	}
	request := ogen.InferenceRequest{Inputs: []ogen.InputTensor{tensor}}
	params := ogen.InferParams{Model: ogen.InferModelHeartRiskDemo}
	response, err := client.Infer(ctx, &request, params)
	if err != nil {
		return err
	}
	for _, item := range response.(*ogen.InferenceResponseHeaders).Response.Outputs[0].Data {
		fmt.Println(item.String)
	}
	return nil
}
