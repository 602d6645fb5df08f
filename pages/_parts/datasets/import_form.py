"""The form that queues an import: an upload or a path on the server, and how the file is to be read."""

from dataclasses import dataclass
from typing import get_args

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from db.datasets.datasets import list_ready
from pages._parts.notices import show_error
from pages._parts.text import _
from pages._parts.uploads import forget_uploads, upload_limits
from pages._parts.who import acting
from proutt_core.actions.importing import queue_import
from proutt_core.dialogues import FORMATS, ImportSettings, TurnPolicy, parse_shares
from proutt_core.dialogues.masking import PersonalDataPolicy
from proutt_core.dialogues.pairs.released import FORMAT as PAIRS
from proutt_core.dialogues.pairs.released import TITLE as PAIRS_TITLE
from proutt_core.dialogues.uploads import remove_uploads, save_upload
from proutt_core.display.names import free_name, name_from_file, title_from_name
from proutt_core.errors import InputError, ProuttError
from proutt_core.jobs.kinds.importing import ImportRequest

UPLOADS = "import_uploads"  # counts them, so that the form is empty after each
TURNS = get_args(TurnPolicy)


def turn_names() -> dict[str, str]:
    return {
        "random": _("one, drawn at random"),
        "last": _("the last one"),
        "all": _("every possible one"),
    }


def personal_data_names() -> dict[str, str]:
    return {
        "keep": _("keep it, and show it"),
        "mask": _("mask it: [EMAIL_1]"),
        "drop": _("leave such dialogues out"),
    }


def import_form() -> None:
    n = st.session_state.setdefault(UPLOADS, 0)
    source = st.segmented_control(
        _("Source"),
        ["upload", "path"],
        format_func={"upload": _("Upload a file"), "path": _("A path on the server")}.__getitem__,
        default="upload",
        required=True,
        key="import-source",
        label_visibility="collapsed",
    )
    uploads: list[UploadedFile] = []
    path = ""
    if source == "upload":
        uploads = st.file_uploader(
            _("Chat logs: JSON, JSONL, CSV, parquet, Arrow, SQLite, packed or not"),
            accept_multiple_files=True,
            key=f"import-file-{n}",
            help=_("Several files make one dataset. docs/formats.md lists every shape that is read."),
        )
        st.caption(upload_limits())
        file_name = uploads[0].name if uploads else ""
    else:
        path = st.text_input(
            _("Path on the server"), placeholder="/srv/data/lmsys.parquet", key=f"import-path-{n}"
        ).strip()
        file_name = path
    name, title = _names(file_name, n)
    format_, licence = _format_and_licence(n)
    fields = _fields(n)
    if not st.button(_("Import"), type="primary", icon=":material/upload:", disabled=not file_name, key="import-go"):
        return
    with show_error():
        who = acting("datasets")
        settings = fields.settings()
        paths = tuple(str(save_upload(upload, upload.name)) for upload in uploads) or (path,)
        try:
            request = ImportRequest(paths, name.strip(), title.strip(), format_, licence.strip(), settings)
            queue_import(request, created_by=who.id)
        except ProuttError:
            remove_uploads(paths)  # nothing of a refused file is kept
            raise
        forget_uploads()
        st.session_state[UPLOADS] = n + 1
        st.rerun()


def _names(file_name: str, n: int) -> tuple[str, str]:
    suggested = name_from_file(file_name)
    free = free_name(suggested, [dataset.name for dataset in list_ready()]) if suggested else ""
    left, right = st.columns(2)
    # The keys hold the file's name, so that another file brings another suggestion.
    name = left.text_input(_("Name"), value=free, max_chars=100, key=f"import-name-{n}-{file_name}")
    title = right.text_input(
        _("Public title"),
        value=title_from_name(suggested),
        max_chars=200,
        key=f"import-title-{n}-{file_name}",
        help=_("What annotators see. It must not name a method, a model or a run."),
    )
    return name or "", title or ""


def _format_and_licence(n: int) -> tuple[str | None, str]:
    left, right = st.columns(2)
    titles = {"": _("Detected from the content"), **{name: known.title for name, known in FORMATS.items()}}
    titles[PAIRS] = PAIRS_TITLE
    format_ = left.selectbox(_("Format"), list(titles), format_func=titles.__getitem__, key=f"import-format-{n}")
    licence = right.text_input(_("Licence, for the record"), placeholder="Apache-2.0", key=f"import-licence-{n}")
    return format_ or None, licence or ""


@dataclass(frozen=True)
class _Advanced:
    turn: TurnPolicy
    seed: int
    limit: int | None
    personal_data: PersonalDataPolicy


@dataclass(frozen=True)
class _Fields:
    """How the file is to be read, as it was typed."""

    sample: int | None
    min_turns: int
    language: str
    shares: str
    advanced: _Advanced

    def settings(self) -> ImportSettings:
        """Read on the click, so that a mistake is told then. InputError names it."""
        code = self.language.strip().lower()
        if code and not (code.isascii() and code.isalpha() and len(code) in (2, 3)):
            raise InputError(_("A language is its code, such as en or zh; not {given}.").format(given=code))
        return ImportSettings(
            turn=self.advanced.turn,
            shares=parse_shares(self.shares) if self.shares.strip() else None,
            seed=self.advanced.seed,
            limit=self.advanced.limit,
            sample=self.sample,
            min_turns=self.min_turns,
            language=code or None,
            personal_data=self.advanced.personal_data,
        )


def _fields(n: int) -> _Fields:
    sample, turns, language, split = st.columns([1.2, 1, 1, 1])
    size = sample.number_input(
        _("Draw at random"),
        min_value=1,
        value=None,
        placeholder=_("all"),
        key=f"import-sample-{n}",
        help=_("How many dialogues to draw from those that pass the filters. Empty: all."),
    )
    min_turns = turns.number_input(_("Minimum turns"), min_value=0, value=0, key=f"import-turns-{n}")
    code = language.text_input(
        _("Language"),
        placeholder=_("any"),
        max_chars=3,
        key=f"import-language-{n}",
        help=_("Take only this one, as its two-letter code: en, zh. Empty: any."),
    )
    shares = split.text_input(
        _("Split"),
        placeholder="80/5/15",
        key=f"import-split-{n}",
        help=_(
            "train/valid/test in percent, fixed from here on. Studies take their cases from test. Empty: the splits"
            " that the file names, else 80/5/15."
        ),
    )
    with st.expander(_("Advanced")):
        advanced = _advanced(n)
    return _Fields(size, min_turns, language=code or "", shares=shares or "", advanced=advanced)


def _advanced(n: int) -> _Advanced:
    first, second, third = st.columns([1.6, 1, 1])
    turn = first.selectbox(
        _("Samples cut from a dialogue"), TURNS, format_func=turn_names().__getitem__, key=f"import-turn-{n}"
    )
    seed = second.number_input(_("Seed"), value=0, min_value=0, key=f"import-seed-{n}")
    limit = third.number_input(_("First only"), min_value=1, value=None, placeholder=_("all"), key=f"import-limit-{n}")
    policies = personal_data_names()
    personal_data = st.selectbox(
        _("Possible personal data"),
        list(policies),
        format_func=policies.__getitem__,
        key=f"import-personal-{n}",
        help=_("E-mail addresses, phone numbers, keys, identity and account numbers, IP addresses."),
    )
    return _Advanced(turn, seed=seed, limit=limit, personal_data=personal_data)
