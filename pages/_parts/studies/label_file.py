"""A file of labels on screen: handing it in, a template, what it was taken for, and which column holds what."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from pages._parts.text import _
from pages._parts.uploads import upload_limits
from pages._parts.who import download
from proutt_core.display.visible import visible
from proutt_core.label_files import TEMPLATE, LabelColumns, LabelFile, labels_of, read_label_file, unknown_answers
from proutt_core.statistics.labels import Label
from proutt_core.types import Verdict

LONGEST_SHOWN = 60
MOST_UNKNOWN = 20


def choose_label_file() -> Sequence[Label] | None:
    """The labels of the file that was handed in, by the columns that were chosen; None before there is one."""
    upload = st.file_uploader(
        _("Labels: CSV, Excel, JSON, or the export of Label Studio, Argilla, Potato or Prodigy"),
        key="agreement_file",
        help=_("Verdicts are a, tie or b, by method. The file is read and not kept. docs/label-files.md has examples."),
    )
    st.caption(upload_limits())
    if upload is None:
        st.download_button(
            _("A template to fill in (CSV)"),
            # Excel reads UTF-8 only where it is marked.
            data=download("agreement", lambda: TEMPLATE.encode("utf-8-sig")),
            file_name="labels.csv",
            mime="text/csv",
            icon=":material/download:",
            key="agreement_template",
        )
        return None
    with TemporaryDirectory() as folder:
        path = Path(folder) / "labels"
        path.write_bytes(upload.getvalue())
        file = read_label_file(path, name=upload.name)
    key = f"agreement-{upload.file_id}"
    chosen = _columns(file, key=key)
    chosen = replace(chosen, meanings=_meanings(file, chosen, key=key))
    labels = labels_of(file, chosen)
    for note in labels.notes:
        st.text(visible(note))
    return labels.labels


def _meanings(file: LabelFile, chosen: LabelColumns, *, key: str) -> tuple[tuple[str, Verdict], ...]:
    """What answers mean that say no verdict by themselves."""
    unknown = unknown_answers(file, chosen)[:MOST_UNKNOWN]
    if not unknown:
        return ()
    st.caption(_("What do these answers mean? A side is a method only where it was always the same method's."))
    labels: dict[Verdict, str] = {"a": _("Method a is better"), "tie": _("Tie"), "b": _("Method b is better")}
    meanings: list[tuple[str, Verdict]] = []
    for place, (verdict, label) in zip(st.columns(3), labels.items(), strict=True):
        with place:
            texts = st.multiselect(label, unknown, format_func=_shown, key=f"{key}-means-{verdict}")
        meanings += [(text, verdict) for text in texts]
    return tuple(meanings)


def _columns(file: LabelFile, *, key: str) -> LabelColumns:
    if not file.is_table:
        st.text(_("An export of {tool}, rows: {count}.").format(tool=file.title, count=f"{len(file.entries):,}"))
        return _of_export(file, key=key)
    st.text(_("A table, rows: {count}.").format(count=f"{len(file.rows.rows):,}"))
    return _of_table(file, key=key)


def _of_export(file: LabelFile, *, key: str) -> LabelColumns:
    left, right = st.columns(2)
    with left:
        item = _choice(_("Item"), file.columns, file.guess.item, key=f"{key}-item")
    with right:
        verdict = _choice(_("Question"), file.questions, file.guess.verdict, key=f"{key}-verdict")
    return LabelColumns(item=item, verdict=verdict)


def _of_table(file: LabelFile, *, key: str) -> LabelColumns:
    names = tuple(dict.fromkeys(name for name in file.columns if name))
    is_wide = st.toggle(
        _("Each rater has a column"),
        value=bool(file.guess.raters),
        key=f"{key}-wide",
        help=_("Off: each row is one verdict, and a column names the rater."),
    )
    places = st.columns(4 if not is_wide else [1, 2, 1])
    with places[0]:
        item = _choice(_("Item"), names, file.guess.item, key=f"{key}-item")
    if is_wide:
        with places[1]:
            raters = st.multiselect(
                _("Columns of raters"), names, default=file.guess.raters, format_func=_shown, key=f"{key}-raters"
            )
        with places[2]:
            judges = st.multiselect(_("Of them LLM judges"), raters, format_func=_shown, key=f"{key}-judges")
        return LabelColumns(item=item, raters=tuple(raters), judges=tuple(judges))
    with places[1]:
        rater = _choice(_("Rater"), names, file.guess.rater, key=f"{key}-rater")
    with places[2]:
        verdict = _choice(_("Verdict"), names, file.guess.verdict, key=f"{key}-verdict")
    with places[3]:
        kind = _choice(_("Human or judge"), ("", *names), file.guess.kind or "", key=f"{key}-kind")
    return LabelColumns(item=item, rater=rater, verdict=verdict, kind=kind, judges=_judges(file, rater, kind, key=key))


def _judges(file: LabelFile, rater: str | None, kind: str | None, *, key: str) -> tuple[str, ...]:
    """Without a column that says who is a judge, a person says it."""
    if rater is None or kind:
        return ()
    raters = sorted({str(row.values.get(rater)).strip() for row in file.rows.rows})
    return tuple(st.multiselect(_("Raters who are LLM judges"), raters, format_func=_shown, key=f"{key}-judges"))


def _choice(label: str, names: Sequence[str], guess: str | None, *, key: str) -> str | None:
    index = list(names).index(guess) if guess in names else None
    return st.selectbox(label, names, index=index, format_func=_shown, placeholder=_("Choose"), key=key)


def _shown(name: str) -> str:
    text = visible(name) if name else _("everybody is human")
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
