"""Fills a JSON schema with values that depend on a seed only: the content of the fake server's answers."""

import hashlib
import re
import re._constants as op
import re._parser as parser
from collections.abc import Iterator
from typing import Any

_WORDS = ["book", "table", "train", "hotel", "price", "quiet", "evening", "river"]
_WORDS += ["lamp", "garden", "music", "ticket", "coffee", "winter", "museum", "bridge"]


def fill(schema: dict[str, Any], seed: str) -> Any:
    """A value that the schema accepts, the same for the same seed. Raises ValueError for what it cannot satisfy."""
    return _Filler(schema.get("$defs", {}), seed).value(schema, "$")


class _Filler:
    def __init__(self, defs: dict[str, Any], seed: str) -> None:
        self._defs = defs
        self._seed = seed
        self._fixed: dict[str, int] = {}  # arrays of one possible length, by path

    def value(self, node: dict[str, Any], at: str) -> Any:
        if "$ref" in node:
            return self.value(self._defs[node["$ref"].rsplit("/", 1)[1]], at)
        if "const" in node:
            return node["const"]
        if "enum" in node:
            return self._choice(node["enum"], at)
        for union in ("anyOf", "oneOf"):
            if union in node:
                options = [option for option in node[union] if option.get("type") != "null"]
                return self.value(options[self._number(at) % len(options)], at)
        kind = node.get("type")
        if kind == "object":
            return {name: self.value(part, f"{at}.{name}") for name, part in node.get("properties", {}).items()}
        if kind == "array":
            return self._array(node, at)
        if kind == "string":
            return self._text(node, at)
        if kind in ("number", "integer"):
            return self._figure(node, at, whole=kind == "integer")
        if kind == "boolean":
            return bool(self._number(at) % 2)
        if kind == "null":
            return None
        raise ValueError(f"{at}: cannot fill {node}")

    def _number(self, at: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self._seed}|{at}".encode()).digest()[:6], "big")

    def _choice(self, options: list[Any], at: str) -> Any:
        """One of the options; in a list that has as many places as there are options, each of them once (ids).

        Of figures the one that would be drawn between the first and the last of them.
        """
        if all(isinstance(option, int | float) for option in options):
            drawn = self._figure({"minimum": options[0], "maximum": options[-1]}, at, whole=False)
            return min(options, key=lambda option: abs(option - drawn))
        inside = re.match(r"(.*)\[(\d+)\]", at)
        if inside and self._fixed.get(inside[1]) == len(options):
            return options[int(inside[2])]
        return options[self._number(at) % len(options)]

    def _array(self, node: dict[str, Any], at: str) -> list[Any]:
        if "prefixItems" in node:
            return [self.value(part, f"{at}[{i}]") for i, part in enumerate(node["prefixItems"])]
        low = node.get("minItems", 0)
        high = min(node.get("maxItems", low + 3), max(low, 3))
        if node.get("maxItems") == low:
            self._fixed[at] = low
        count = low + self._number(at) % (high - low + 1)
        return [self.value(node["items"], f"{at}[{i}]") for i in range(count)]

    def _figure(self, node: dict[str, Any], at: str, *, whole: bool) -> float | int:
        low = node.get("minimum", node.get("exclusiveMinimum", 0))
        high = node.get("maximum", node.get("exclusiveMaximum", low + 100))
        if whole:
            low += "minimum" not in node and "exclusiveMinimum" in node
            high -= "maximum" not in node and "exclusiveMaximum" in node
            return int(low) + self._number(at) % (int(high) - int(low) + 1)
        # 1 to 99 hundredths of the way: inside exclusive bounds too. Cubed, so that the highest of four scores in
        # [0, 1] falls below 0.3, between, and above 0.8 about equally often: all branches of a synthesis occur.
        drawn = low + (high - low) * ((1 + self._number(at) % 99) / 100) ** 3
        return round(drawn, 2 if (low, high) == (0, 1) else 6)

    def _text(self, node: dict[str, Any], at: str) -> str:
        low, high = node.get("minLength", 0), node.get("maxLength", 10_000)
        number = self._number(at)
        words = [_WORDS[(number >> shift) % len(_WORDS)] for shift in (0, 4, 8)]
        text = f"{' '.join(words)} {number:x}"
        text = text + " and" * max(0, (low - len(text) + 3) // 4)
        pattern = node.get("pattern")
        for candidate in _candidates(text, high, pattern, number):
            if low <= len(candidate) <= high and (not pattern or re.search(pattern, candidate)):
                return candidate
        raise ValueError(f"{at}: cannot write text for {node}")


def _candidates(text: str, high: int, pattern: str | None, number: int) -> Iterator[str]:
    """Made one by one, for the first nearly always does: this is most of what an answer costs the fake server."""
    yield text[:high]
    if pattern:
        yield from (text[:length] for length in (120, 60, 40, 20, 12, 8, 4, 1))
        yield "".join(_match(parser.parse(pattern), number))


def _match(parsed: Any, number: int) -> list[str]:
    """The shortest text, near enough, that a parsed regular expression matches."""
    out: list[str] = []
    for kind, value in parsed:
        if kind is op.LITERAL:
            out.append(chr(value))
        elif kind is op.NOT_LITERAL:
            out.append("a" if value != ord("a") else "b")
        elif kind is op.ANY:
            out.append("a")
        elif kind is op.IN:
            out.append(_one_of(value, number))
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            low, _high, inner = value
            out += [part for i in range(low) for part in _match(inner, number + i)]
        elif kind is op.SUBPATTERN:
            out += _match(value[3], number)
        elif kind is op.BRANCH:
            out += _match(value[1][number % len(value[1])], number)
        elif kind is not op.AT:
            raise ValueError(f"cannot write text for {kind}")
    return out


def _one_of(parts: list[Any], number: int) -> str:
    allowed = [chr(c) for c in range(32, 127) if _in(chr(c), parts)]
    return allowed[number % len(allowed)]


def _in(char: str, parts: list[Any]) -> bool:
    negated = parts[0][0] is op.NEGATE
    inside = False
    for kind, value in parts:
        if kind is op.LITERAL:
            inside |= ord(char) == value
        elif kind is op.RANGE:
            inside |= value[0] <= ord(char) <= value[1]
        elif kind is op.CATEGORY:
            classes = {op.CATEGORY_DIGIT: r"\d", op.CATEGORY_SPACE: r"\s", op.CATEGORY_WORD: r"\w"}
            inside |= re.match(classes[value], char) is not None
    return inside != negated
