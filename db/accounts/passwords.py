"""Passwords: argon2id hashes, and generated ones that people can type."""

import secrets
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from proutt_core.errors import InputError

SHORTEST, LONGEST = 8, 256
# Without letters and digits that look alike.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

_hasher = PasswordHasher()  # argon2id, 64 MiB, three passes (RFC 9106's second recommendation)
# 64 MiB each: twenty people who sign in at nine o'clock must not take more than a gigabyte.
_at_once = BoundedSemaphore(2)
# What the password of nobody is compared with, so that an unknown name takes as long as a wrong password.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$bm9ib2R5bm9ib2R5bm9ibw$Ta94yBM0NCq19KVTXqHhpdnzc/CvFUUZJtBUHVKU8YM"


def hash_password(password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(f"a password has {SHORTEST} to {LONGEST} characters, this one {len(password)}")
    with _at_once:
        return _hasher.hash(password)


def password_fits(password: str, password_hash: str | None) -> bool:
    """Always the same work; None stands for a name that nobody has."""
    with _at_once:
        try:
            _hasher.verify(password_hash or _NOBODY, password[:LONGEST])
        except VerifyMismatchError:
            return False
        except InvalidHashError as exc:
            raise ValueError("a stored password hash is damaged; set the password anew") from exc
    return password_hash is not None and len(password) <= LONGEST


def generate_password() -> str:
    """Four groups of four: 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
