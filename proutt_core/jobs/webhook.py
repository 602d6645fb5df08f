"""Telling an address of the user's own that a job is paused, failed or done: PROUTT_WEBHOOK_URL.

What is sent is JSON with a sentence (`text`, as chat services take it) and figures. No dialogue leaves this way, and no
key. The address itself may be a secret, so it is never logged. A webhook that fails is a warning in the log and nothing
else.
"""

import asyncio
import logging
import os
import re
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from db.jobs import items, jobs
from db.jobs.jobs import JobInfo
from proutt_core.errors import SettingsError
from proutt_core.types.job_kinds import KINDS

log = logging.getLogger(__name__)

URL_ENV = "PROUTT_WEBHOOK_URL"
TRIES = 3
TRY_S = 10.0
WAIT_S = 1.0
STATES = ("paused", "failed", "done")
REASON_CHARACTERS = 500
# A server's own words may quote what it was asked.
_SERVERS_WORDS = re.compile(r"(HTTP \d{3}\)?): .*", re.DOTALL)


def webhook_url() -> str | None:
    """What the environment names, or None. SettingsError where it is no address."""
    url = os.environ.get(URL_ENV, "").strip()
    if not url:
        return None
    wrong = SettingsError(f"{URL_ENV} is not an address; it looks like https://chat.example.org/hooks/…")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        raise wrong from None  # the original would quote the address
    if not usable or any(character.isspace() for character in url):
        raise wrong
    return url


async def tell(job_id: int, *, url: str | None) -> None:
    """Say what this process has just brought the job to. Call it once for each such change; it never raises."""
    if url is None:
        return
    try:
        message = await asyncio.to_thread(_message, job_id)
        if message["state"] in STATES:
            await _post(url, message)
    except Exception as exc:  # noqa: BLE001  the webhook must never hurt the job
        log.warning("the webhook could not be told about job %s: %s", job_id, type(exc).__name__)


def _message(job_id: int) -> dict[str, Any]:
    job, counts = jobs.required(job_id), items.counts(job_id)
    return {
        "text": _sentence(job, counts),
        "job": job.name,
        "kind": job.kind,
        "state": job.state,
        "reason": _reason(job),
        "done": counts.done,
        "failed": counts.failed,
        "total": counts.total,
    }


def _sentence(job: JobInfo, counts: items.ItemCounts) -> str:
    sentence = f'The {KINDS[job.kind].noun} "{job.name}" is {job.state}'
    if counts.total:
        sentence += f": {counts.done} of {counts.total} done, {counts.failed} failed"
    return f"{sentence}. {_reason(job)}".strip()


def _reason(job: JobInfo) -> str:
    return _SERVERS_WORDS.sub(r"\1", job.reason)[:REASON_CHARACTERS]


async def _post(url: str, message: dict[str, Any]) -> None:
    problem = "no answer"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TRY_S)) as session:
        for attempt in range(1, TRIES + 1):
            try:
                async with session.post(url, json=message, allow_redirects=False) as response:
                    if response.status < 300:
                        return
                    problem = f"HTTP {response.status}"
            except (aiohttp.ClientError, OSError, TimeoutError) as exc:
                problem = type(exc).__name__
            if attempt < TRIES:
                await asyncio.sleep(WAIT_S * attempt)
    log.warning("the webhook did not take what became of %s in %d tries: %s", message["job"], TRIES, problem)
