"""nginx in front of the app, with the configuration that docs/serving.md shows: a process of its own on loopback."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.browser import studio

NAME = "lab.example.org"
DOCUMENT = studio.PROJECT / "docs" / "serving.md"


@dataclass(frozen=True)
class Front:
    app: str
    port: int
    plain_port: int
    tls: ssl.SSLContext


def missing() -> list[str]:
    """What is not installed of what the tests need."""
    return [name for name in ("nginx", "openssl") if _program(name) is None]


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def documented() -> str:
    """The one configuration of the document."""
    (block,) = re.findall(r"```nginx\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), flags=re.DOTALL)
    return str(block)


@contextmanager
def in_front_of(app: str, folder: Path) -> Iterator[Front]:
    """`app`: the app's address, http://127.0.0.1:PORT."""
    certificate, key = _certificate(folder)
    port, plain_port = studio.free_port(), studio.free_port()
    site = documented()
    for shown, used in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("listen 80;", f"listen 127.0.0.1:{plain_port};"),
        ("http://127.0.0.1:8501", app),
        ("/etc/ssl/certs/lab.example.org.pem", str(certificate)),
        ("/etc/ssl/private/lab.example.org.key", str(key)),
    ):
        assert site.count(shown) == 1, shown
        site = site.replace(shown, used)
    # Else its workers were somebody who may not enter the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(_AROUND.format(folder=folder, site=site, user=user), encoding="utf-8")
    command = [
        str(_program("nginx")),
        "-p",
        str(folder),
        "-c",
        str(configuration),
        "-e",
        str(folder / "nginx-error.log"),
    ]
    with studio.process(command, env=dict(os.environ), log=folder / "nginx.log") as child:
        _wait_until_it_listens(port, child, folder)
        yield Front(app, port, plain_port, ssl.create_default_context(cafile=str(certificate)))


# What Debian's /etc/nginx/nginx.conf has around it, in the foreground and within one folder.
_AROUND = """\
daemon off;
{user}
pid {folder}/nginx.pid;
worker_processes 1;
events {{ worker_connections 128; }}
http {{
access_log off;
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi;
scgi_temp_path {folder}/scgi;
{site}
}}
"""


def _certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [
        str(_program("openssl")),
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", f"/CN={NAME}"]
    command += ["-addext", f"subjectAltName=DNS:{NAME}"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def _wait_until_it_listens(port: int, child: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and child.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nginx did not start: {(folder / 'nginx.log').read_text()}")
