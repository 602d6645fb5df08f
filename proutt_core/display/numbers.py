"""Numbers as screens show them: shares, large counts, pages of a list."""


def share(part: int, whole: int) -> float | None:
    """None where the whole is 0."""
    return part / whole if whole else None


def percent(part: int, whole: int) -> str:
    """`95 %`; a dash where the whole is 0. `0 %` and `100 %` only where it is exactly that."""
    ratio = share(part, whole)
    if ratio is None:
        return "–"
    if 0 < ratio < 0.01:
        return "< 1 %"
    if 0.99 < ratio < 1:
        return "> 99 %"
    return f"{round(100 * ratio)} %"


def each(n: float, of: int) -> str:
    """`8.5`: how much of `n` falls to each of them; a dash where there are none."""
    return f"{n / of:.1f}" if of else "–"


def page_count(total: int, per_page: int) -> int:
    """At least one: an empty list has an empty page."""
    return max(1, -(-total // per_page))


def page_offset(page: int, per_page: int) -> int:
    """Where the page, counted from 1, begins."""
    return (page - 1) * per_page


def short(n: float) -> str:
    """A large count in three digits: `9,999`, `12.3 k`, `123 k`, `1.23 M`."""
    if n < 10_000:
        return f"{n:,.0f}"
    for unit, size in (("k", 1e3), ("M", 1e6), ("G", 1e9)):
        if n < 999.5 * size:
            scaled = n / size
            return f"{scaled:.{2 if scaled < 9.995 else 1 if scaled < 99.95 else 0}f} {unit}"
    return f"{n / 1e9:,.0f} G"
