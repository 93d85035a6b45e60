import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))


from chromium import Chromium  # noqa: E402
from stand_in import StandIn  # noqa: E402

BUILD = os.path.abspath(os.environ.setdefault("RACEHUB_BUILD", os.path.join(os.path.dirname(__file__), "..", "..", "build")))


@pytest.fixture(scope="session")
def build():
    if not os.path.isfile(os.path.join(BUILD, "webui", "phone.html")):
        pytest.skip("this build has no dashboard (RACEHUB_WEBUI=OFF)")
    return BUILD


@pytest.fixture(scope="session")
def chromium(build):
    browser = Chromium()
    yield browser
    browser.close()


@pytest.fixture
def hub(build):
    server = StandIn(build)
    yield server
    server.stop()


@pytest.fixture
def shot(request, build):
    """Saves a screenshot under build/screenshots, to be looked at."""
    folder = os.path.join(build, "screenshots")
    os.makedirs(folder, exist_ok=True)
    return lambda page, name: page.screenshot(os.path.join(folder, name + ".png"))
