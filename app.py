"""The server: `streamlit run app.py`. What stands in front of the pages is in server/; here it is put together, with
/healthz and what happens at the start.

The screens are in pages/; pages/router.py is the only script the server itself starts.
"""

import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from dotenv import find_dotenv
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.routing import Route

from db.health import close, reason
from db.migrate import migrate
from pages._parts.notices import unexpected_error
from proutt_core.environment import load_settings_file
from proutt_core.errors import SettingsError
from proutt_core.private_files import tighten_own_folder
from proutt_core.terminal import log_to_stderr, print_text
from server.doors import Doors
from server.gate import Gate
from server.headers import SecurityHeaders
from server.loading import load_pages
from server.proxies import named_proxies
from server.sign_in import ROUTES as SIGN_IN_ROUTES
from server.site import checked_hosts
from server.start import advice, where_it_listens
from server.unavailable import HealthCheck, Unavailable
from server.uploads import UploadLimit

log = logging.getLogger("proutt.server")


def _ready_database() -> None:
    """Migrated; the server does not start on a schema of a newer version, nor without a database."""
    try:
        migrate()
    except Exception as exc:
        said = reason(exc)
        if said is None:
            raise
        print_text(f"error: {said}", err=True)
        sys.stderr.flush()
        os._exit(1)  # raised, it would be told with all of the server's inner life around it


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    log_to_stderr(level=logging.WARNING)
    address = st.get_option("server.address") or ""
    print_text(where_it_listens(address=address, port=st.get_option("server.port"), hosts=hosts))
    for line in advice(address=address, hosts=hosts, proxies=proxies):
        log.warning("%s", line)
    tighten_own_folder()
    await run_in_threadpool(_ready_database)
    load_pages()
    yield
    close()


try:
    load_settings_file(Path(find_dotenv()))
    hosts, proxies = checked_hosts(st.get_option("server.allowedHosts")), named_proxies()
except SettingsError as exc:
    sys.exit(f"error: {exc}")

app = st.App(
    "pages/router.py",
    lifespan=lifespan,
    routes=[
        *SIGN_IN_ROUTES,
        Route("/healthz", HealthCheck().answer, methods=["GET"]),
    ],
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(Doors, hosts=hosts, proxies=proxies),
        Middleware(Unavailable),
        Middleware(Gate),
        Middleware(UploadLimit),
    ],
    on_script_error=unexpected_error,
)
