"""The HTML page in a real browser."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from doctor.chromium import DARK, LIGHT, Chromium, colours, with_script, without_policy
from secure_redis.doctor.output import html
from unit.doctor import output_samples as samples

READABLE = 4.5
"""The contrast that WCAG 2.2 wants of text at level AA."""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    return Chromium(tmp_path_factory.mktemp("chromium"))


PAGES = {
    "healthy": [samples.healthy],
    "troubled": [samples.troubled],
    "all": samples.ALL,
}


def page(name):
    return html.page([make() for make in PAGES[name]])


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_every_text_can_be_read(chromium, scheme, record_property):
    found = chromium.measured(page("all"), scheme=scheme)
    assert found["texts"] > 1000
    ratio, text = found["contrast"]
    assert ratio >= READABLE, text
    name = "dark" if scheme == DARK else "light"
    record_property("measured", f"least contrast of the report page, {name}: {ratio:.2f} to 1")


def test_a_text_that_cannot_be_read_is_found(chromium):
    pale = page("healthy").replace("--muted: #545c66", "--muted: #8d949c")
    ratio, _ = chromium.measured(pale)["contrast"]
    assert ratio < READABLE


@pytest.mark.parametrize("width", [1200, 700, 390, 320])
def test_the_page_fits_the_window(chromium, width):
    found = chromium.measured_in_frame(page("all"), width)
    assert found["width"] == width
    assert found["needed"] <= width


def test_the_schemes_differ_under_the_pages_own_policy(chromium):
    text = page("healthy")
    assert chromium.corner(text, scheme=LIGHT) == (0xFF, 0xFF, 0xFF)
    assert chromium.corner(text, scheme=DARK) == (0x14, 0x17, 0x1A)


OWNED = "document.title = 'owned'"


def title(dom):
    (found,) = re.findall(r"<title>(.*?)</title>", dom)
    return found


def test_the_policy_stops_a_script_that_got_in(chromium):
    text = with_script(page("healthy"), OWNED)
    assert title(chromium.dom(text)).startswith("Redis connection report")
    assert title(chromium.dom(without_policy(text))) == "owned"


def test_the_policy_stops_a_style_that_got_in(chromium):
    red = "<style>body { background: rgb(255, 0, 0) }</style></head>"
    text = page("healthy").replace("</head>", red)
    assert chromium.corner(text) == (0xFF, 0xFF, 0xFF)
    assert chromium.corner(without_policy(text)) == (0xFF, 0, 0)


class Listener(ThreadingHTTPServer):
    """Notes what is asked of it."""

    def __init__(self):
        self.asked = asked = []

        class Asked(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, format, *args):  # noqa: A002
                pass

        super().__init__(("127.0.0.1", 0), Asked)


@pytest.fixture
def listener():
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_hostile_words_of_a_certificate_do_nothing(chromium, listener):
    at = f"http://127.0.0.1:{listener.server_port}"
    words = (
        f"<img src={at}/image> <script>{OWNED}</script> <link rel=stylesheet href={at}/sheet>"
        f"</style><style>body {{ background: url({at}/style) }}</style>"
        f'"><iframe src={at}/frame></iframe><svg onload="{OWNED}">'
    )
    hostile = samples.certificate(words, words, names=(words,))
    handshake = samples.HANDSHAKE.model_copy(update={"chain": (hostile,)})
    report = samples.report(handshake=handshake, server=words, subject=words)
    # Escaping alone must do: the policy is the second wall.
    text = without_policy(html.page([report]))
    dom = chromium.dom(text)
    assert title(dom).startswith("Redis connection report")
    assert listener.asked == []
    for tag in ("img", "script", "link", "svg", "iframe"):
        assert f"<{tag}" not in dom
    # The same words as markup would have asked for all of it.
    chromium.dom(text.replace("</body>", f"{words}</body>"))
    assert {"/image", "/sheet", "/frame"} <= set(listener.asked)


@pytest.fixture
def sheets(chromium):
    return {scheme: chromium.pdf(page("troubled"), scheme=scheme) for scheme in (LIGHT, DARK)}


def test_on_paper_it_is_light_tagged_and_a_few_pages(sheets, record_property):
    pages = len(re.findall(rb"/Type /Page\b", sheets[LIGHT]))
    assert 3 <= pages <= 10
    record_property("measured", f"report page on A4: {pages} sheets")
    for pdf in sheets.values():
        assert b"/StructTreeRoot" in pdf
        assert b"/Lang (en)" in pdf
    assert colours(sheets[LIGHT]) == colours(sheets[DARK])
    assert len(colours(sheets[LIGHT])) > 3
