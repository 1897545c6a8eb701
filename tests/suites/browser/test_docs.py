"""The page at /docs in a real browser: it works, says nothing on its console, and asks no other
server for anything."""

import http.client
import http.server
import threading
import urllib.parse

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.ui import WebDriverWait

from pages import chromium, is_undisturbed

PREFIX = "/team/model"
PATIENCE_SECONDS = 60


@pytest.fixture
def browser():
    with chromium() as driver:
        yield driver


@pytest.fixture
def proxy(server):
    """The service behind a proxy that puts a prefix before its paths."""
    target = urllib.parse.urlsplit(server).netloc

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self):
            if not self.path.startswith(PREFIX):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            upstream = http.client.HTTPConnection(target)
            headers = {name: value for name, value in self.headers.items() if name != "Host"}
            upstream.request(self.command, self.path.removeprefix(PREFIX), body, headers)
            answer = upstream.getresponse()
            content = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                self.send_header(name, value)
            if not content and answer.getheader("content-length") is None:
                self.send_header("content-length", "0")
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = forward

        def log_message(self, *_):
            pass

    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{proxy.server_port}{PREFIX}"
    proxy.shutdown()
    proxy.server_close()


def wait_for(browser, selector):
    located = expected.visibility_of_element_located((By.CSS_SELECTOR, selector))
    return WebDriverWait(browser, PATIENCE_SECONDS).until(located)


def click(browser, selector):
    button = wait_for(browser, selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    WebDriverWait(browser, PATIENCE_SECONDS).until(
        expected.element_to_be_clickable((By.CSS_SELECTOR, selector))
    ).click()


def try_out(browser):
    """Executes the example that POST /predict comes with, and gives the body of the answer."""
    click(browser, "#operations-Predictions-predict .try-out__btn")
    click(browser, "#operations-Predictions-predict .execute")
    answer = wait_for(browser, "#operations-Predictions-predict .live-responses-table .response-col_description pre")
    assert wait_for(browser, ".live-responses-table .response .response-col_status").text.startswith("200")
    return answer.text


def test_the_example_of_predict_is_tried_out(server, browser):
    browser.get(f"{server}/docs")
    click(browser, "#operations-Predictions-predict .opblock-summary-control")
    assert "High Risk" in try_out(browser)
    is_undisturbed(browser, server)


def test_a_deep_link_opens_its_operation(server, browser):
    browser.get(f"{server}/docs#/Predictions/predict")
    wait_for(browser, "#operations-Predictions-predict .try-out__btn")
    is_undisturbed(browser, server)


def test_a_slash_at_the_end_shows_the_same_page(server, browser):
    browser.get(f"{server}/docs/")
    wait_for(browser, "#operations-Predictions-predict")
    assert browser.current_url.startswith(f"{server}/docs")
    is_undisturbed(browser, server)


def test_the_page_works_behind_a_prefix(proxy, browser):
    browser.get(f"{proxy}/docs/")
    click(browser, "#operations-Predictions-predict .opblock-summary-control")
    assert "High Risk" in try_out(browser)
    assert wait_for(browser, ".request-url pre").text == f"{proxy}/predict"
    is_undisturbed(browser, proxy)


def test_the_model_names_the_page(server, browser):
    browser.get(f"{server}/docs")
    assert "heart-risk-demo" in wait_for(browser, ".info .title").text
