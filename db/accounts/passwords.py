"""Passwords: argon2id hashes, what is too easy to guess, and generated ones that people can type.

Hashing takes 64 MiB and a fifth of a second of a processor, on purpose. So it is done on threads of its own, half as
many as there are processors and four at most: two hundred people who sign in at once, or one who guesses, must not hold
up those who work.
"""

import os
import re
import secrets
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from proutt_core.errors import ConflictError, InputError

SHORTEST, LONGEST = 8, 256
# Without letters and digits that look alike.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

# zxcvbn looks at no more. What begins with 72 guessable characters is refused; nobody types that.
_LOOKED_AT = 72
_OWN_WORDS = ("proutt", "studio", "annotator", "reviewer", "researcher", "admin", "dialogue", "utterance")
# zxcvbn's words are mostly English.
_MORE_EASY_WORDS = ("woaini", "aini", "1314", "520", "5201314", "mima", "wode", "nihao", "zhongguo", "beijing")

_hasher = PasswordHasher()  # argon2id, 64 MiB, three passes (RFC 9106's second recommendation)
# What the password of nobody is compared with, so that an unknown name takes as long as a wrong password.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$bm9ib2R5bm9ib2R5bm9ibw$Ta94yBM0NCq19KVTXqHhpdnzc/CvFUUZJtBUHVKU8YM"

T = TypeVar("T")


class PasswordsBusy(ConflictError):
    """More passwords wait to be checked than can be soon."""


_AT_WORK = max(1, min(4, (os.cpu_count() or 2) // 2))
_WAITING = 64
_threads = ThreadPoolExecutor(_AT_WORK, thread_name_prefix="passwords")
_room = threading.BoundedSemaphore(_AT_WORK + _WAITING)


def _on_own_threads(work: Callable[[], T]) -> T:
    if not _room.acquire(blocking=False):
        raise PasswordsBusy("too many passwords are being checked at this moment; try again in a few seconds")
    try:
        return _threads.submit(work).result()
    finally:
        _room.release()


def hash_password(password: str, *, name: str = "") -> str:
    """For the account of that name. Raises InputError where it is too short, too long or too easy to guess, and
    PasswordsBusy."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(f"a password has {SHORTEST} to {LONGEST} characters, this one {len(password)}")
    _refuse_easy(password, name)
    return _on_own_threads(lambda: _hasher.hash(password))


def _refuse_easy(password: str, name: str) -> None:
    own = {word for word in (name, *re.split(r"[\W_]+", name), *_OWN_WORDS) if len(word) > 2}
    beside_own = password.casefold()
    for word in sorted(own, key=len, reverse=True):
        beside_own = beside_own.replace(word, "").replace(word[::-1], "")
    easy, reason = _is_easy(password, own)
    if not easy and len(beside_own) < len(password) and _is_easy(beside_own, own)[0]:
        easy, reason = True, "it is little more than the account's name or this product's"
    if easy:
        raise InputError(
            f"this password is too easy to guess{f' ({reason})' if reason else ''}; take a longer one, such as a few"
            " words that do not belong together"
        )


def _is_easy(password: str, own: Collection[str]) -> tuple[bool, str]:
    """Whether under a million guesses find it, those of well-known lists first; and why, where zxcvbn says."""
    from zxcvbn import zxcvbn  # its lists take a tenth of a second to load

    result = zxcvbn(password[:_LOOKED_AT], user_inputs=[*own, *_MORE_EASY_WORDS])
    return result["score"] < 2, str(result["feedback"]["warning"] or "").rstrip(".").lower()


def password_fits(password: str, password_hash: str | None) -> bool:
    """Always the same work; None stands for a name that nobody has. Raises PasswordsBusy."""

    def verify() -> bool:
        try:
            return _hasher.verify(password_hash or _NOBODY, password[:LONGEST])
        except VerifyMismatchError:
            return False

    try:
        fits = _on_own_threads(verify)
    except InvalidHashError as exc:
        raise ValueError("a stored password hash is damaged; set the password anew") from exc
    return fits and password_hash is not None and len(password) <= LONGEST


def generate_password() -> str:
    """Four groups of four: 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
