"""Writes docs/formats.md from the readers: `python -m tools.formats_page`. A test holds the page against them."""

from pathlib import Path

from proutt_core.dialogues import FORMATS
from proutt_core.dialogues.formats import ALIASES, Format
from proutt_core.dialogues.readers.beside import ID_KEYS, SPLIT_KEYS, SYSTEM_KEYS
from proutt_core.dialogues.readers.messages import LIST_KEYS
from proutt_core.dialogues.readers.roles import NAMES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "formats.md"

INTRODUCTION = """\
# What can be imported

Written by `python -m tools.formats_page` from the readers (`proutt_core/dialogues/readers/`); a test holds it against
them.

The content decides, not the name of the file: the first rows of each format below are tried in this order. `--format
NAME` says it outright. Every example holds the same conversation, and a test reads each as the same dialogue.

**Files.** JSON lines, a JSON list, an object of rows, JSON printed for people, one list inside an object
(`{"data": […]}`), CSV (comma, semicolon, tab, bar), parquet, Arrow (also the folders of `save_to_disk`), SQLite (the
table with messages); packed as gz, bz2, xz, zst, zip, tar; several files, or a folder, make one dataset; `-` is
standard input. A bad row costs that row and is reported with its number. A list or an object may stand in its place as
text (JSON, or as Python and numpy write it), and a row may be a bare list of messages, of texts or of pairs.

**Encodings.** UTF-8; UTF-16 and UTF-32 by their mark; others (GB18030, Big5, Shift-JIS, cp1252, …) are read from the
text, and the report says that it was a guess. A packed file may unpack to 1 GiB, or 200 times its size if that is more.

**One conversation is kept once.** Equal texts under several ids are duplicates; of rows that each go on from the one
before, as a request log has them, the longest is kept. What begins with the same system prompt and first turn is one
group, as is what one user said, or the pieces `abc_0`, `abc_17` of a long conversation; a group lies in one split.
Splits that the source names (a column, the names of files and folders) are kept unless `--split` says otherwise; a
group that the source puts into several goes to the one that is farthest from training.

**Keys** count without capitals, underscores and hyphens: `conversation_id`, `conversationId` and `Conversation ID`
are one.

**What was said** is kept as it stands. Parts of text are joined by a newline. A call of a tool becomes one line of
JSON, and the tool's result follows it, in the assistant's turn. A message that is only an image, a sound or a file
stands as `[image]`, `[audio]`, `[video]` or `[file]`. Hidden thoughts, images beside text, tool definitions, rejected
answers and other branches of a conversation are left out. All of that is counted in the report of the import, and
such a row is kept as it stood.

**An answer beside the messages** that it answers (`response`, `output`, `choices`, …) is the last message.
"""


def page() -> str:
    sections = "\n".join(_section(format) for format in FORMATS.values())
    return f"{INTRODUCTION}\n{_names()}\n{sections}"


def _names() -> str:
    roles = "\n".join(f"| {role.replace('_', ' ')} | {' '.join(names.split())} |" for role, names in NAMES.items())
    return (
        "## Names that are known\n\n"
        "Roles, in any capitals, padded, with hyphens, spaces or underscores:\n\n"
        f"| role | names |\n|---|---|\n{roles}\n\n"
        "Where nobody but `system` answers the user, it is the assistant.\n\n"
        "| what | keys, the first that a row has |\n|---|---|\n"
        f"| the list of messages | {_listed(LIST_KEYS)} |\n"
        f"| the row's id | {_listed(ID_KEYS)} |\n"
        f"| its split | {_listed(SPLIT_KEYS)} |\n"
        f"| the system prompt beside the messages | {_listed(SYSTEM_KEYS)} |\n"
    )


def _listed(keys: tuple[str, ...]) -> str:
    return " ".join(f"`{key}`" for key in keys)


def _section(format: Format) -> str:
    names = [format.name, *(alias for alias, name in ALIASES.items() if name == format.name)]
    named = " or ".join(f"`{name}`" for name in names)
    return f"## {format.title}\n\n{named}: {format.expects}\n\n```json\n{format.example}```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
