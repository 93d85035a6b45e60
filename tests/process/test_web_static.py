"""The dashboard's files: from a table, compressed, cached, under a strict policy; and nothing else of the disk."""
import gzip
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from web_client import BUILD, WebHub, parse_answer  # noqa: E402

CSP = ("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; "
       "img-src 'self' data:; font-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
       "form-action 'none'")


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    page = folder / "page"
    (page / "fonts").mkdir(parents=True)
    (folder / "secret.txt").write_text("secret")
    (page / "index.html").write_text("<!doctype html><title>chooser</title>")
    (page / "phone.html").write_text("<!doctype html><title>phone</title>")
    (page / "app.0123abcd.wasm").write_bytes(b"\0asm" + bytes(100_000))
    (page / "app.0123abcd.wasm.br").write_bytes(b"brotli form")
    (page / "app.0123abcd.wasm.gz").write_bytes(gzip.compress(b"\0asm" + bytes(100_000)))
    (page / "style.css").write_text("a{}")
    (page / "style.css.gz").write_bytes(gzip.compress(b"a{}"))
    (page / "fonts" / "b612.ttf").write_bytes(b"font")
    (page / "alone.gz").write_bytes(b"nothing beside it")
    (page / ".hidden").write_text("secret")
    (page / ".git").mkdir()
    (page / ".git" / "config").write_text("secret")
    os.symlink(folder / "secret.txt", page / "link.txt")
    os.symlink(folder, page / "up")
    with WebHub(dashboard=str(page)) as running:
        running.page = page
        yield running


FILES = {
    # path: (content type, cache control)
    "/": ("text/html; charset=utf-8", "no-cache"),
    "/index.html": ("text/html; charset=utf-8", "no-cache"),
    "/phone": ("text/html; charset=utf-8", "no-cache"),
    "/phone.html": ("text/html; charset=utf-8", "no-cache"),
    "/phone?track=one": ("text/html; charset=utf-8", "no-cache"),
    "/style.css": ("text/css; charset=utf-8", "no-cache"),
    "/app.0123abcd.wasm": ("application/wasm", "public, max-age=31536000, immutable"),
    "/fonts/b612.ttf": ("font/ttf", "no-cache"),
    "/alone.gz": ("application/octet-stream", "no-cache"),
}


@pytest.mark.parametrize("path", FILES)
def test_files(hub, path):
    status, headers, body = hub.request("GET", path)
    assert status == 200 and (headers["content-type"], headers["cache-control"]) == FILES[path]
    assert int(headers["content-length"]) == len(body) and "content-encoding" not in headers
    assert headers["content-security-policy"] == CSP
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "server" not in headers
    head = hub.request("HEAD", path)
    assert head[0] == 200 and head[2] == b"" and head[1]["content-length"] == headers["content-length"]
    # The same again costs no body.
    status, again, body = hub.request("GET", path, headers={"If-None-Match": headers["etag"]})
    assert status == 304 and body == b"" and again["etag"] == headers["etag"] and "content-length" not in again
    assert hub.request("GET", path, headers={"If-None-Match": '"other"'})[0] == 200


@pytest.mark.parametrize("accepted, coding", [
    ("br", "br"), ("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("br;q=0.5", "br"),
    ("GZIP", "gzip"), ("identity", None), ("", None), ("br;q=0.000,gzip;q=0", None), ("xbr", None), ("*", None)])
def test_compressed_forms(hub, accepted, coding):
    _, headers, body = hub.request("GET", "/app.0123abcd.wasm", headers={"Accept-Encoding": accepted})
    assert headers.get("content-encoding") == coding and headers["vary"] == "Accept-Encoding"
    assert headers["content-type"] == "application/wasm"
    if coding == "br":
        assert body == b"brotli form" and headers["etag"].endswith('-br"')
    elif coding == "gzip":
        assert len(gzip.decompress(body)) == 100_004 and headers["etag"].endswith('-gz"')
    else:
        assert len(body) == 100_004


NAMES = ["secret.txt", "page/index.html", "etc/passwd"]
STEPS = ["..", "%2e%2e", ".%2e", "%2E.", "%252e%252e", "..%2f", "..%5c", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae", "....",
         "..;", "%00", "%2e%2e%2f", ".", "%2e", "", "..%00", "%ff", "..%c0%af"]


def spellings():
    for name in NAMES:
        for step in STEPS:
            for depth in (1, 2, 3, 8):
                yield "/" + (step + "/") * depth + name
                yield "/fonts/" + (step + "/") * depth + name
    yield from ("//etc/passwd", "/%2fetc%2fpasswd", "/link.txt", "/up/secret.txt", "/.hidden", "/.git/config", "/fonts", "/fonts/",
                "/index.html/", "/index.html%00", "/index.html.gz", "/style.css.gz", "/app.0123abcd.wasm.br", "/INDEX.HTML",
                "/%69ndex.html", "/C:/Windows/win.ini", "/~root/", "/proc/self/environ", "/phone.", "/phone.html.html")


def test_no_spelling_leads_to_another_file(hub):
    seen = list(spellings())
    assert len(seen) > 400
    for path in seen:
        status, _, body = parse_answer(hub.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()))
        assert status == 404, path
        assert b"secret" not in body and path.encode() not in body


def test_files_are_read_at_start_and_never_again(hub):
    (hub.page / "style.css").write_text("changed")
    (hub.page / "new.html").write_text("new")
    assert hub.request("GET", "/style.css")[2] == b"a{}"
    assert hub.request("GET", "/new")[0] == 404


def test_files_cannot_be_written(hub):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        status, headers, _ = hub.request(method, "/index.html", b"x" if method != "DELETE" else None)
        assert status == 405 and headers["allow"] == "GET, HEAD"


def test_a_missing_dashboard_is_said_in_one_sentence(tmp_path):
    import json
    import subprocess
    run = subprocess.run([BUILD / "tests" / "web_hub", str(tmp_path), json.dumps({"dashboard": "/nowhere"})],
                         capture_output=True, text=True, timeout=10)
    assert run.returncode != 0 and "dashboard's directory /nowhere is not there" in run.stderr
