"""What all suites share: the application, served by the embedded host on a free port."""

import pytest

from embedded_host import serve


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The address of the running service, such as http://127.0.0.1:40123."""
    with serve(tmp_path_factory.mktemp("server")) as address:
        yield address
