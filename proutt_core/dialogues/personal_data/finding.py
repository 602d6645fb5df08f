"""Possible personal data in a text: e-mail addresses, phone numbers, keys, identity and account numbers, IP addresses.

A hint for people, not proof: the phone number of a restaurant is a phone number. Check digits rule out what they can
(cards: Luhn and a known issuer; IBAN: ISO 13616; Chinese resident IDs: GB 11643-1999), so that order numbers,
prices and versions do not drown what matters. Names and addresses of people are not looked for, and masks of a source
such as NAME_1 or <PRESIDIO_ANONYMIZED_PERSON> are no personal data.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address


@dataclass(frozen=True, slots=True)
class Finding:
    """`text[start:end]` is possible personal data of this kind."""

    kind: str
    start: int
    end: int


def find(text: str) -> list[Finding]:
    """All findings in the order of the text. No two overlap: the one that begins first wins, then the longer one."""
    if not _worth_a_look(text):
        return []
    every = [finding for kind, look in _LOOKS for finding in look(text, kind)]
    findings: list[Finding] = []
    for finding in sorted(every, key=lambda finding: (finding.start, -finding.end)):
        if not findings or finding.start >= findings[-1].end:
            findings.append(finding)
    return findings


def count(texts: Iterable[str]) -> dict[str, int]:
    """How many findings of each kind there are, in the order of KINDS; kinds without any are left out."""
    each = list(texts)
    if not _worth_a_look("\n".join(each)):
        return {}
    counts = Counter(finding.kind for text in each for finding in find(text))
    return {kind: counts[kind] for kind in KINDS if kind in counts}


def redacted_text(text: str) -> str:
    """The text with the kind of each match in its place: `unknown role [EMAIL]`."""
    parts, end = [], 0
    for finding in find(text):
        parts += [text[end : finding.start], f"[{finding.kind.upper()}]"]
        end = finding.end
    return "".join([*parts, text[end:]])


def partly_hidden(value: str) -> str:
    """The first and last characters, enough to tell one match from another: `jan…com`, `138…78`."""
    visible = min(3, len(value) // 4)
    return f"{value[:visible]}…{value[len(value) - visible :]}"


def value_key(finding: Finding, text: str) -> str:
    """Equal for findings of one value: `138 1234 5678` and `+86-13812345678` are one number."""
    value = text[finding.start : finding.end]
    if finding.kind == "phone":
        digits = "".join(c for c in value if c.isdigit())
        return digits[2:] if len(digits) == 13 and digits.startswith("86") else digits
    if finding.kind == "id":
        return "".join(c for c in value if c.isalnum()).upper()
    return value if finding.kind == "key" else value.casefold()


# --- e-mail addresses and keys ----------------------------------------------------------------------------------------

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])"
)


def _emails(text: str, kind: str) -> Iterator[Finding]:
    if "@" in text:
        yield from (Finding(kind, *m.span()) for m in _EMAIL.finditer(text))


# A private key with all that belongs to it; where its end is cut off, the lines that look like it.
_PRIVATE = (
    r"-----BEGIN (?:[A-Z]{1,12} ){0,3}PRIVATE KEY-----"
    r"(?:[^-]{0,8000}(?:-[^-]{0,200}){0,4}-----END (?:[A-Z]{1,12} ){0,3}PRIVATE KEY-----"
    r"|(?:\s{0,4}[A-Za-z0-9+/=]{40,80})*)"
)

# Each kind of key with the text it must contain: looking for that first is ten times as fast as the pattern.
_KEYS = tuple(
    (mark, re.compile(pattern))
    for mark, pattern in (
        ("PRIVATE KEY", _PRIVATE),
        ("sk-", r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{20,}"),
        ("AKIA", r"(?<![A-Za-z0-9])AKIA[0-9A-Z]{16}(?![0-9A-Za-z])"),
        ("AIza", r"(?<![A-Za-z0-9])AIza[0-9A-Za-z_-]{35,}"),
        *((f"gh{letter}_", rf"(?<![A-Za-z0-9])gh{letter}_[A-Za-z0-9]{{36,}}") for letter in "pousr"),
        ("github_pat_", r"github_pat_[A-Za-z0-9_]{40,}"),
        ("glpat-", r"glpat-[A-Za-z0-9_-]{20,}"),
        ("hf_", r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}"),
        ("xox", r"xox[abprs]-[A-Za-z0-9-]{10,}"),
        ("eyJ", r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    )
)


def _keys(text: str, kind: str) -> Iterator[Finding]:
    for mark, pattern in _KEYS:
        if mark in text:
            yield from (Finding(kind, *m.span()) for m in pattern.finditer(text))


# --- numbers ----------------------------------------------------------------------------------------------------------

# Every phone number, card and resident ID holds seven digits with at most two separators between any two. Looking at
# such stretches only, with what stands right before and after, is four times as fast as looking at the text.
_STRETCH = re.compile(r"[0-9](?:[ ().-]{0,2}[0-9]){6,}")

_PHONE = re.compile(
    r"(?<![0-9A-Za-z.+/=_-])(?:"
    r"(?:\+?86[ -]?)?1[3-9][0-9](?:[0-9]{8}|[ -][0-9]{4}[ -][0-9]{4})"  # Chinese mobile
    r"|0[1-9][0-9]{1,2}-[0-9]{7,8}"  # Chinese landline
    r"|\+[1-9][0-9]{0,2}(?:[ .-]?\(?[0-9]{2,4}\)?){2,4}"  # international
    r"|\([2-9][0-9]{2}\) ?[0-9]{3}[ .-][0-9]{4}|(?:1[ .-])?[2-9][0-9]{2}[ .-][0-9]{3}[ .-][0-9]{4}"  # North American
    r")(?![0-9A-Za-z_]|[.-][0-9])"
)
_RESIDENT_ID = re.compile(
    r"(?<![0-9A-Za-z])[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9A-Za-z])"
)
_CARD = re.compile(
    r"(?<![0-9A-Za-z.-])[2-6][0-9]{3}"
    r"(?:[0-9]{9,15}|(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?|[ -][0-9]{6}[ -][0-9]{4,5})(?![0-9A-Za-z])"
)


def _stretches(text: str, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Matches in the stretches of digits and the few characters around each, with places in the whole text."""
    for stretch in _STRETCH.finditer(text):
        yield from pattern.finditer(text, max(0, stretch.start() - 3), stretch.end() + 2)


def _ids(text: str, kind: str) -> Iterator[Finding]:
    for m in _stretches(text, _RESIDENT_ID):
        if _resident_id_is_valid(m.group()):
            yield Finding(kind, *m.span())
    for m in _stretches(text, _CARD):
        if _card_is_valid(m.group()):
            yield Finding(kind, *m.span())
    if _STRETCH.search(text):
        yield from _ibans(text, kind)


def _phones(text: str, kind: str) -> Iterator[Finding]:
    for m in _stretches(text, _PHONE):
        if 7 <= sum(c.isdigit() for c in m.group()) <= 15:
            yield Finding(kind, *m.span())


_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999


def _resident_id_is_valid(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number, _RESIDENT_WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[-1].upper()


# The first digits of cards by issuer, and how many digits they have in all: Visa, Mastercard, American Express,
# UnionPay, Discover, JCB, Diners. Luhn alone lets every tenth order number pass.
_ISSUERS = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"
    r"|3[47][0-9]{13}|62[0-9]{14,17}|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|35(?:2[89]|[3-8][0-9])[0-9]{12}"
    r"|3(?:0[0-5]|[68][0-9])[0-9]{11}"
)


def _card_is_valid(number: str) -> bool:
    plain = "".join(c for c in number if c.isdigit())
    digits = [int(c) for c in plain]
    doubled = [d if i % 2 == 0 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(reversed(digits))]
    return len(set(digits)) > 1 and sum(doubled) % 10 == 0 and _ISSUERS.fullmatch(plain) is not None


# ISO 13616: how long an IBAN of each country is.
_IBAN_COUNTRIES = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18
FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21
LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27
ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20
"""
_IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBAN_COUNTRIES.split()}
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}")


def _ibans(text: str, kind: str) -> Iterator[Finding]:
    for m in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(m.group()[:2], 0)
        places = [i for i in range(*m.span()) if text[i] != " "][:length]
        if not length or len(places) < length:
            continue
        end = places[-1] + 1
        plain = "".join(text[i] for i in places)
        digits = "".join(str(int(c, 36)) for c in plain[4:] + plain[:4])
        if int(digits) % 97 == 1 and not text[end : end + 1].isalnum():
            yield Finding(kind, m.start(), end)


# --- IP addresses -----------------------------------------------------------------------------------------------------

# Every IPv4 and IPv6 address contains one: a pattern that begins with a rare character is ten times as fast.
_DOTS = re.compile(r"\.[0-9]{1,3}\.[0-9]{1,3}\.")
_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:")
_IP4 = re.compile(r"(?<![0-9A-Za-z.-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9A-Za-z]|[.-][0-9])")
_IP6 = re.compile(r"(?<![0-9A-Za-z:.])[23][0-9A-Fa-f]{3}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{0,4}(?![0-9A-Za-z:])")
_VERSION = re.compile(r"(?:version|release|build|ver|rev|版本|版本号)[\s:：]{0,3}$", re.IGNORECASE)
_LOOKED_BACK = 12


def _ips(text: str, kind: str) -> Iterator[Finding]:
    """Public addresses. Versions and numbered headings look like them: two parts of a real one are at least 10."""
    if _DOTS.search(text):
        for m in _IP4.finditer(text):
            large = sum(int(part) >= 10 for part in m.group().split("."))
            before = text[max(0, m.start() - _LOOKED_BACK) : m.start()]
            if large >= 2 and _is_public(m.group()) and not _VERSION.search(before):
                yield Finding(kind, *m.span())
    if _COLONS.search(text):
        yield from (Finding(kind, *m.span()) for m in _IP6.finditer(text) if _is_public(m.group()))


def _is_public(address: str) -> bool:
    try:
        return ip_address(address).is_global
    except ValueError:
        return False


# The marks of keys, by a letter that few texts contain: looking for one letter is ten times as fast as for a word.
_LETTERS = "_-KJxz"
_MARKS = tuple(
    (letter, tuple(mark for mark, _ in _KEYS if letter in mark and not set(mark) & set(_LETTERS[:at])))
    for at, letter in enumerate(_LETTERS)
)
_DIGITS = "0123456789"


def _worth_a_look(text: str) -> bool:
    """False where there is nothing to find, which is so for most texts: an import pays for little but this."""
    if "@" in text:
        return True
    for letter, marks in _MARKS:
        if letter in text:
            for mark in marks:
                if mark in text:
                    return True
    for digit in _DIGITS:
        if digit in text:
            return _STRETCH.search(text) is not None or _DOTS.search(text) is not None or _has_colons(text)
    return _has_colons(text)


def _has_colons(text: str) -> bool:
    return ":" in text and _COLONS.search(text) is not None


_LOOKS: tuple[tuple[str, Callable[[str, str], Iterator[Finding]]], ...] = (
    ("email", _emails),
    ("phone", _phones),
    ("key", _keys),
    ("id", _ids),
    ("ip", _ips),
)
KINDS = tuple(kind for kind, _ in _LOOKS)
