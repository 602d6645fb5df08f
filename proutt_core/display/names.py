"""Names that forms are filled in with."""

import re
from collections.abc import Collection, Mapping

_ENDINGS = re.compile(r"(\.(json|jsonl|ndjson|parquet|zip|gz|txt))+$", re.IGNORECASE)


def name_from_file(name: str) -> str:
    """`val.json.zip` gives `val`; a path gives its last part."""
    return _ENDINGS.sub("", re.split(r"[/\\]", name)[-1]).strip()


def title_from_name(name: str) -> str:
    """`sgd_dev-12` gives `Sgd dev 12`."""
    words = " ".join(re.split(r"[\W_]+", name)).strip()
    return words[:1].upper() + words[1:]


def free_name(name: str, others: Collection[str]) -> str:
    """The name itself, or the first of `name-2`, `name-3` … that no other has."""
    if name not in others:
        return name
    return next(numbered for n in range(2, len(others) + 3) if (numbered := f"{name}-{n}") not in others)


def name_for(settings: object, *, name: str, settings_by_name: Mapping[str, object]) -> str:
    """The name that already stands for equal settings, else `free_name` of `name`."""
    same = (earlier for earlier, stored in settings_by_name.items() if stored == settings)
    return next(same, free_name(name, settings_by_name.keys()))
