"""Texts of every kind, JSON and not, beside Python's own reader of JSON."""

import contextlib
import http.client
import json
import pathlib
import urllib.parse

KINDS = pathlib.Path(__file__).parents[2] / "support" / "json_kinds.json"
# Python takes these, though they are no JSON. The service refuses them.
PYTHONS_OWN = {
    "n_number_infinity",
    "n_number_minus_infinity",
    "n_number_nan",
    "n_utf_8_surrogate",
}


def is_json_for_python(body):
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def test_the_service_takes_the_bodies_that_python_reads_and_refuses_all_others(server):
    address = urllib.parse.urlsplit(server)
    with contextlib.closing(http.client.HTTPConnection(address.hostname, address.port)) as client:
        for name, text in json.loads(KINDS.read_text()).items():
            data = b'{"age": 65, "cholesterol": 240}'
            body = b'{"patient_data": %b, "more": %b}' % (data, text.encode("latin-1"))
            client.request("POST", "/predict", body, {"content-type": "application/json"})
            response = client.getresponse()
            response.read()
            is_taken = is_json_for_python(body) and name not in PYTHONS_OWN
            assert response.status == (200 if is_taken else 422), name
