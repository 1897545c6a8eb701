"""The page at /ask in a real browser: the form comes from the model's description, and answer,
reasons and errors are where people look for them. It asks no other server for anything.

A proxy before the service keeps what is sent, and can take the reasons out of an answer."""

import http.client
import http.server
import importlib.util
import json
import pathlib
import threading
import urllib.parse

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from pages import chromium, is_undisturbed

PATIENCE_SECONDS = 20
AXE = pathlib.Path(importlib.util.find_spec("axe_playwright_python").submodule_search_locations[0]) / "axe.min.js"
# The age of a person whose answer comes without reasons.
UNEXPLAINED_AGE = 45


def explained(answer, sent):
    """The service's answer, without reasons for one age."""
    if sent["patient_data"].get("age") == UNEXPLAINED_AGE:
        answer.pop("explanation", None)
    return answer


@pytest.fixture(scope="session")
def service(server):
    """The service behind a proxy. It keeps the bodies sent to /predict."""
    target = urllib.parse.urlsplit(server).netloc

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            upstream = http.client.HTTPConnection(target)
            headers = {name: value for name, value in self.headers.items() if name not in ("Host", "If-None-Match")}
            upstream.request(self.command, self.path, body, headers)
            answer = upstream.getresponse()
            content, headers = answer.read(), answer.getheaders()
            if self.path == "/predict":
                sent = json.loads(body)
                self.server.sent.append(sent)
                if answer.status == 200:
                    content = json.dumps(explained(json.loads(content), sent)).encode()
            self.reply(answer.status, headers, content)

        def reply(self, status, headers, content):
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("content-length", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = forward

        def log_message(self, *_):
            pass

    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.sent = []
    proxy.url = f"http://127.0.0.1:{proxy.server_port}"
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    yield proxy
    proxy.shutdown()
    proxy.server_close()


def until(browser, condition):
    return WebDriverWait(browser, PATIENCE_SECONDS).until(lambda _: condition())


def text(browser, selector):
    return browser.find_element(By.CSS_SELECTOR, selector).text


def load(browser, service):
    browser.get(f"{service.url}/ask")
    until(browser, lambda: browser.find_elements(By.NAME, "age"))


def ask(browser):
    browser.find_element(By.CSS_SELECTOR, "form button").click()


def answered(browser, prediction="High Risk"):
    until(browser, lambda: prediction in text(browser, "#verdict"))


def fill(browser, name, value):
    field = browser.find_element(By.NAME, name)
    field.clear()
    field.send_keys(value)


def is_accessible(browser):
    """Nothing is found by axe, whose best practices are checked too."""
    browser.execute_script(AXE.read_text())
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]] == []


@pytest.fixture
def browser():
    with chromium() as driver:
        yield driver


def test_the_form_is_made_of_the_models_description(service, browser):
    load(browser, service)
    assert text(browser, "h1") == "Heart risk demo v1.0.0"
    assert "A mock for demonstration" in text(browser, "#summary")
    assert "Do not decide anything by it." in text(browser, "#limits")
    assert "Nobody" in text(browser, "#limits")
    age, cholesterol = (browser.find_element(By.NAME, name) for name in ("age", "cholesterol"))
    assert (age.get_attribute("value"), cholesterol.get_attribute("value")) == ("65", "240")
    assert age.accessible_name == "Age years"
    # The unit may be chosen.
    assert cholesterol.accessible_name == "Cholesterol"
    assert browser.find_element(By.CSS_SELECTOR, ".units").accessible_name == "unit of Cholesterol"
    assert "0 to 130 years." in text(browser, "#fields")
    # Only cholesterol may be unknown.
    assert len(browser.find_elements(By.CSS_SELECTOR, "#fields input[type=checkbox]")) == 1
    # Nobody has asked, so nothing is predicted.
    assert not browser.find_element(By.ID, "why").is_displayed()
    is_undisturbed(browser, service.url)


def test_the_answer_has_its_reasons_and_changes(service, browser):
    load(browser, service)
    ask(browser)
    answered(browser)
    assert "Confidence of the model: 92%" in text(browser, "#verdict")
    until(browser, lambda: browser.find_element(By.ID, "what-if").is_displayed())
    assert "Age (65 years) raises the probability of “High Risk” most: +67 points." in text(browser, "#reasons")
    assert "Cholesterol (240 mg/dL) changes nothing." in text(browser, "#reasons")
    rows = [" ".join(row.text.split()) for row in browser.find_elements(By.CSS_SELECTOR, "#reasons tbody tr")]
    assert rows == ["Start 25%", "Age 65 years +67", "Cholesterol 240 mg/dL 0", "Result 92%"]
    widths = [bar.size["width"] for bar in browser.find_elements(By.CSS_SELECTOR, "#reasons .bar")]
    assert widths[0] > 50 and widths[1] == 0
    until(browser, lambda: "Age 60 years instead of 65 years: Low Risk" in text(browser, "#changes"))
    assert "“Low Risk”: 0 to 60 years." in text(browser, "#curve")
    picture = browser.find_element(By.CSS_SELECTOR, "#curve svg")
    assert "Probability of “High Risk” by Age" in picture.accessible_name
    is_undisturbed(browser, service.url)


def test_another_value_can_be_varied(service, browser):
    load(browser, service)
    ask(browser)
    until(browser, lambda: browser.find_element(By.ID, "what-if").is_displayed())
    browser.find_element(By.CSS_SELECTOR, "#varied option[value=cholesterol]").click()
    until(browser, lambda: "“High Risk” throughout" in text(browser, "#curve"))


def test_an_unknown_value_is_not_sent(service, browser):
    load(browser, service)
    browser.find_element(By.CSS_SELECTOR, "#fields input[type=checkbox]").click()
    ask(browser)
    answered(browser)
    assert service.sent[-1] == {"patient_data": {"age": 65}, "explain": True}


def test_a_number_in_another_unit_is_sent_with_it(service, browser):
    load(browser, service)
    browser.find_element(By.CSS_SELECTOR, "#fields option[value='mmol/L']").click()
    fill(browser, "cholesterol", "6.2")
    ask(browser)
    answered(browser)
    assert service.sent[-1]["patient_data"] == {"age": 65, "cholesterol": {"value": 6.2, "unit": "mmol/L"}}
    assert "Cholesterol (6.2 mmol/L) changes nothing." in text(browser, "#reasons")
    # The curve is in the feature's own unit.
    browser.find_element(By.CSS_SELECTOR, "#varied option[value=cholesterol]").click()
    until(browser, lambda: "“High Risk” throughout" in text(browser, "#curve"))


def test_the_model_card_has_what_is_stated_and_what_is_not(service, browser):
    load(browser, service)
    browser.find_element(By.CSS_SELECTOR, "#card summary").click()
    until(browser, lambda: "To show how a model is served." in text(browser, "#card"))
    assert "Intended use" in text(browser, "#card")
    assert "Not stated by those who made the model: name and contact of the developer" in text(browser, "#card")
    is_accessible(browser)


def test_an_answer_without_reasons_says_so(service, browser):
    load(browser, service)
    fill(browser, "age", str(UNEXPLAINED_AGE))
    ask(browser)
    answered(browser, "Low Risk")
    assert text(browser, "#reasons") == "This model gives no reasons for its answers."


def test_an_error_is_beside_its_field(service, browser):
    load(browser, service)
    fill(browser, "age", "-3")
    fill(browser, "cholesterol", "2,5")
    ask(browser)
    age = browser.find_element(By.NAME, "age")
    until(browser, lambda: age.get_attribute("aria-invalid") == "true")
    described = age.get_attribute("aria-describedby").split()
    problem = browser.find_element(By.ID, described[-1])
    assert problem.text == "Input should be greater than or equal to 0."
    assert problem.get_attribute("role") == "alert"
    assert "Write decimals with a point" in text(browser, "#feature-1-problem")
    assert browser.switch_to.active_element == age
    is_accessible(browser)
    # It goes when the value is right.
    fill(browser, "age", "65")
    fill(browser, "cholesterol", "250")
    ask(browser)
    answered(browser)
    assert problem.text == ""


def test_an_old_answer_is_marked(service, browser):
    load(browser, service)
    ask(browser)
    answered(browser)
    browser.find_element(By.NAME, "age").send_keys("0")
    assert text(browser, "#stale") == "The values have changed since this answer."


def test_the_keyboard_is_enough(service, browser):
    load(browser, service)

    def press(*keys):
        for key in keys:
            browser.switch_to.active_element.send_keys(key)

    press(Keys.TAB, Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("name") == "age"
    press(Keys.END, Keys.BACKSPACE, "9", Keys.ENTER)
    answered(browser)
    assert service.sent[-1]["patient_data"]["age"] == 69
    # The number, its unit, and whether it is unknown.
    press(Keys.TAB, Keys.TAB, Keys.TAB, Keys.SPACE, Keys.TAB)
    assert browser.switch_to.active_element.text == "Ask the model"
    press(Keys.SPACE)
    until(browser, lambda: service.sent[-1]["patient_data"] == {"age": 69})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1300])
def test_everyone_can_read_it(service, scheme, width):
    with chromium(width, scheme=scheme) as browser:
        load(browser, service)
        color = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (color == "rgb(15, 20, 27)") == (scheme == "dark")
        is_accessible(browser)
        ask(browser)
        answered(browser)
        until(browser, lambda: "instead of" in text(browser, "#changes"))
        browser.execute_script("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        until(browser, lambda: "Not stated" in text(browser, "#card"))
        is_accessible(browser)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        is_undisturbed(browser, service.url)
