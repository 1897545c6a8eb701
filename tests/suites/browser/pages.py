"""What the tests of both pages share: a browser, and the servers that it asked."""

import contextlib
import json
import urllib.parse

from selenium import webdriver


@contextlib.contextmanager
def chromium(width=1300, height=1600, scheme="light"):
    """A browser with a window of a size, in a color scheme."""
    options = webdriver.ChromeOptions()
    # CI runs as root, which Chromium's own sandbox does not allow.
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={width},{height}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path="/usr/bin/chromedriver")
    options.binary_location = "/usr/bin/chromium"
    driver = webdriver.Chrome(options=options, service=service)
    scheme = {"name": "prefers-color-scheme", "value": scheme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    # A window is never as narrow as a phone.
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        yield driver
    finally:
        driver.quit()


def asked_servers(browser):
    """The servers that the page asked for something."""
    servers = set()
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            url = urllib.parse.urlsplit(message["params"]["request"]["url"])
            if url.scheme in ("http", "https", "ws", "wss"):
                servers.add(url.netloc)
    return servers


def is_undisturbed(browser, address):
    assert browser.get_log("browser") == []
    assert asked_servers(browser) == {urllib.parse.urlsplit(address).netloc}
