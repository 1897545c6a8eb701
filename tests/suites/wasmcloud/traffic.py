"""Requests to the service, and what it counted of them."""

import concurrent.futures
import contextlib
import http.client
import re

PREDICT = {"content-type": "application/json"}
QUESTION = b'{"patient_data": {"age": 65, "cholesterol": 240}}'
ANSWER = b'{"prediction":"High Risk","confidence":0.92,"model_version":"v1.0.0"}'
PATIENCE_SECONDS = 60


class Client:
    """A connection. `name` is the Host that a cluster's hosts look for."""

    def __init__(self, port, name="localhost"):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        self.name = name

    def send(self, method, path, body=None, headers=None):
        """Status, headers and body of the response."""
        # A host may answer before it has read a body that is too large, and close.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.request(method, path, body, {"host": self.name} | (headers or {}))
        response = self.connection.getresponse()
        return response.status, response.headers, response.read()

    def predict(self, body=QUESTION):
        status, _, answer = self.send("POST", "/predict", body, PREDICT)
        return status, answer

    def scrape(self):
        """The samples of /metrics, by name and labels."""
        status, _, text = self.send("GET", "/metrics")
        assert status == 200, text
        lines = [line for line in text.decode().splitlines() if not line.startswith("#")]
        return {series: float(value) for series, value in (line.rsplit(" ", 1) for line in lines)}


CONNECTIONS = 16
# Each connection's: 2,000 requests in all.
ROUNDS = 25

# Bodies, the status that answers each, and a part of what it says.
TRAFFIC = [
    (QUESTION, 200, ANSWER),
    (b'{"patient_data": {"age": 30}}', 200, b"Low Risk"),
    (
        b'{"patient_data": {"age": -1, "cholesterol": "high"}}',
        422,
        b'["body","patient_data","age"]',
    ),
    (b'{"patient_data": {"age": 61, "cholesterol": 199.5, "smoker": true}}', 200, b"High Risk"),
    # So large that its bytes are counted apart.
    (b'{"patient_data": {"age": 65, "cholesterol": 240' + b" " * 3000 + b"}}", 200, ANSWER),
]


def send_traffic(clients, rounds):
    """Sends all of the traffic `rounds` times, from each client at once; returns the bytes of the
    bodies, there and back."""

    def send(client):
        sent = received = 0
        for body, status, says in TRAFFIC * rounds:
            answer = client.predict(body)
            assert answer[0] == status and says in answer[1], answer
            sent += len(body)
            received += len(answer[1])
        return sent, received

    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        sizes = list(pool.map(send, clients))
    return sum(sent for sent, _ in sizes), sum(received for _, received in sizes)


MODEL = 'model="heart-risk-demo",version="v1.0.0"'
ROUTE = 'handler="/predict",method="POST"'


def check_families(scrape, rounds, sent, received):
    """Every family after `rounds` of the traffic in all."""
    exact = {
        f'http_requests_total{{{ROUTE},status="2xx"}}': 4 * rounds,
        f'http_requests_total{{{ROUTE},status="4xx"}}': rounds,
        f'http_requests_total{{{ROUTE},status="5xx"}}': 0,
        f"http_request_duration_seconds_count{{{ROUTE}}}": 5 * rounds,
        'http_request_size_bytes_sum{handler="/predict"}': sent,
        'http_response_size_bytes_sum{handler="/predict"}': received,
        f'model_predictions_total{{{MODEL},prediction="High Risk"}}': 3 * rounds,
        f'model_predictions_total{{{MODEL},prediction="Low Risk"}}': rounds,
        f"model_prediction_confidence_count{{{MODEL}}}": 4 * rounds,
        f"model_inference_duration_seconds_count{{{MODEL}}}": 4 * rounds,
        'model_invalid_inputs_total{feature="age",reason="out_of_range"}': rounds,
        'model_invalid_inputs_total{feature="cholesterol",reason="wrong_type"}': rounds,
        'model_invalid_inputs_total{feature="other",reason="unknown_feature"}': rounds,
    }
    assert {series: scrape.get(series) for series in exact} == exact
    confidence = scrape[f"model_prediction_confidence_sum{{{MODEL}}}"]
    assert abs(confidence - (3 * 0.92 + 0.75) * rounds) < 1e-6
    duration = scrape[f"http_request_duration_seconds_sum{{{ROUTE}}}"]
    assert 0 < scrape[f"model_inference_duration_seconds_sum{{{MODEL}}}"] < duration


def counters(scrape):
    """What may only rise."""
    rising = re.compile(r"[a-z_]+_(total|bucket|sum|count)(\{|$)")
    return {series: value for series, value in scrape.items() if rising.match(series)}


# Each with the status that answers it, and a word of what it says.
BAD_INPUT = [
    ("POST", "/predict", b"{", PREDICT, 422, b"json_invalid"),
    ("POST", "/predict", b"\xff\xfe", PREDICT, 422, b"detail"),
    ("POST", "/predict", b'{"patient_data": {}}', PREDICT, 422, b"Field required"),
    ("POST", "/predict", b"[" * 100_000, PREDICT, 422, b"detail"),
    ("POST", "/predict", b"a=1", {"content-type": "text/plain"}, 415, b"detail"),
    ("POST", "/predict", b"x" * 2_000_000, PREDICT, 413, b"detail"),
    ("POST", "/v2/models/heart-risk-demo/infer", b'{"inputs": 1}', PREDICT, 400, b"error"),
    ("POST", "/v2/models/other/infer", b"{}", PREDICT, 404, b"error"),
    ("BREW", "/predict", None, {}, 405, b"detail"),
    ("GET", "/nowhere", None, {}, 404, b"detail"),
]


def check_bad_input(port, name="localhost"):
    for method, path, body, headers, status, says in BAD_INPUT:
        # A host closes the connection of a body that was not read.
        answer = Client(port, name).send(method, path, body, headers)
        case = f"{method} {path} {body and body[:20]}: {answer[0]} {answer[2][:200]}"
        assert answer[0] == status and says in answer[2], case
    assert Client(port, name).predict() == (200, ANSWER)
