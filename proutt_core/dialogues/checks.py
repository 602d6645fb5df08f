"""What import notices about a dialogue. Nothing here changes the text or keeps a dialogue out."""

import re
from itertools import pairwise

from proutt_core.dialogues.text import same
from proutt_core.types import Checks, Message


def check(messages: tuple[Message, ...], *, toxic: bool | None) -> Checks:
    """`messages` are normalised. `characters` counts all texts; a turn is a user message and the assistant's reply; a
    repeated turn equals an earlier one in both. `toxic` is the source's own flag."""
    turns = _turns(messages)
    return Checks(
        characters=sum(len(m.content) for m in messages),
        turns=len(turns),
        repeated_turns=_repeated(turns),
        toxic=toxic,
        personal_data=personal_data("\n".join(m.content for m in messages)),
    )


def _turns(messages: tuple[Message, ...]) -> list[tuple[Message, Message]]:
    pairs = pairwise(messages)
    return [(user, reply) for user, reply in pairs if user.role == "user" and reply.role == "assistant"]


def _repeated(turns: list[tuple[Message, Message]]) -> int:
    by_user: dict[str, list[Message]] = {}
    for user, reply in turns:
        by_user.setdefault(same(user.content), []).append(reply)
    again = [replies for replies in by_user.values() if len(replies) > 1]  # replies are long: fold only these
    return sum(len(replies) - len({same(reply.content) for reply in replies}) for replies in again)


def personal_data(text: str) -> tuple[str, ...]:
    """Kinds of possible personal data: `email`, `phone`, `key`, `id`, in this order. A hint for people, not proof: the
    phone number of a restaurant is a phone number."""
    found = []
    if "@" in text and _EMAIL.search(text):
        found.append("email")
    numbers = _numbers(text)
    if numbers and _has_phone(numbers):
        found.append("phone")
    if any(mark in text and pattern.search(text) for mark, pattern in _KEYS):
        found.append("key")
    if numbers and _has_id(numbers):
        found.append("id")
    return tuple(found)


# Every phone number, card and resident ID holds seven digits with at most two separators between any two. Looking at
# such stretches only, with what stands right before and after, is four times as fast as looking at the text.
_STRETCH = re.compile(r"[0-9](?:[ ().-]{0,2}[0-9]){6,}")


def _numbers(text: str) -> str:
    return "\n".join(text[max(0, m.start() - 3) : m.end() + 2] for m in _STRETCH.finditer(text))


_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])"
)

_PHONE = re.compile(
    r"(?<![0-9A-Za-z.+/=_-])(?:"
    r"(?:\+?86[ -]?)?1[3-9][0-9](?:[0-9]{8}|[ -][0-9]{4}[ -][0-9]{4})"  # Chinese mobile
    r"|0[1-9][0-9]{1,2}-[0-9]{7,8}"  # Chinese landline
    r"|\+[1-9][0-9]{0,2}(?:[ .-]?\(?[0-9]{2,4}\)?){2,4}"  # international
    r"|\([2-9][0-9]{2}\) ?[0-9]{3}[ .-][0-9]{4}|(?:1[ .-])?[2-9][0-9]{2}[ .-][0-9]{3}[ .-][0-9]{4}"  # North American
    r")(?![0-9A-Za-z_]|[.-][0-9])"
)

# Each kind of key with the text it must contain: looking for that first is ten times as fast as the pattern.
_KEYS = tuple(
    (mark, re.compile(pattern))
    for mark, pattern in (
        ("sk-", r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{20,}"),
        ("AKIA", r"(?<![A-Za-z0-9])AKIA[0-9A-Z]{16}(?![0-9A-Za-z])"),
        ("AIza", r"(?<![A-Za-z0-9])AIza[0-9A-Za-z_-]{35}"),
        *((f"gh{letter}_", rf"(?<![A-Za-z0-9])gh{letter}_[A-Za-z0-9]{{36}}") for letter in "pousr"),
        ("github_pat_", r"github_pat_[A-Za-z0-9_]{40,}"),
        ("glpat-", r"glpat-[A-Za-z0-9_-]{20}"),
        ("hf_", r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}"),
        ("xox", r"xox[abprs]-[A-Za-z0-9-]{10,}"),
        ("PRIVATE KEY", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
        ("eyJ", r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    )
)

_RESIDENT_ID = re.compile(
    r"(?<![0-9A-Za-z])[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9A-Za-z])"
)
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_CARD = re.compile(
    r"(?<![0-9A-Za-z.-])[3-6][0-9]{3}"
    r"(?:[0-9]{9,15}|(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?|[ -][0-9]{6}[ -][0-9]{5})(?![0-9A-Za-z])"
)


def _has_phone(text: str) -> bool:
    return any(7 <= sum(c.isdigit() for c in m.group()) <= 15 for m in _PHONE.finditer(text))


def _has_id(text: str) -> bool:
    return any(_resident_id_is_valid(m.group()) for m in _RESIDENT_ID.finditer(text)) or any(
        _luhn_is_valid(m.group()) for m in _CARD.finditer(text)
    )


def _resident_id_is_valid(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number, _RESIDENT_WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[-1].upper()


def _luhn_is_valid(number: str) -> bool:
    digits = [int(c) for c in number if c.isdigit()]
    doubled = [d if i % 2 == 0 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(reversed(digits))]
    return len(set(digits)) > 1 and sum(doubled) % 10 == 0
