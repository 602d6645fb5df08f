"""Files that hold no dialogues we could read, told by their first bytes: what they are and what would help."""

HEAD = 512  # bytes

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs.github.com/spec/", "a Git LFS pointer, not the file itself: run `git lfs pull` first"),
    (b"/annex/objects/", "a git-annex pointer, not the file itself: run `git annex get` first"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (.xls, .doc): save the sheet as CSV"),
    (b"%PDF", "a PDF: export the dialogues as JSONL or CSV"),
    (b"{\\rtf", "an RTF document: save the dialogues as JSONL or CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first, or pack it as zip"),
    (b"Rar!", "a RAR archive: unpack it first, or pack it as zip"),
    (b"\x04\x22\x4d\x18", "compressed with lz4: unpack it first, or use gz, bz2, xz or zst"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"RIFF", "a sound, a film or an image"),
    (b"ID3", "a sound"),
    (b"OggS", "a sound"),
    (b"\x93NUMPY", "a NumPy array: export the dialogues as JSONL"),
    (b"GGUF", "a model's weights"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"Obj\x01", "an Avro file: export it as JSONL or parquet"),
    (b"ORC", "an ORC file: export it as JSONL or parquet"),
    (b"\x89HDF", "an HDF5 file: export the dialogues as JSONL"),
)
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_WEB_PAGE = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<rss")


def what_else(head: bytes) -> str | None:
    """What a file is that begins so, and what would help; None for text and for what can be read."""
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "an archive inside an archive: unpack it first"
    if head[4:8] == b"ftyp":
        return "a film or an image"
    if head.startswith(_PICKLES):
        return "a pickle, which may run any program when it is opened and so never is: export it as JSONL"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_WEB_PAGE):
        return "a web page or XML, not data: was a sign-in page downloaded instead of the file?"
    if len(head) > 9 and head[8:9] == b"{" and head[4:8] == b"\x00\x00\x00\x00":
        return "a model's weights (safetensors)"
    if b"\0" in head[:HEAD] and _is_no_text(head[:HEAD]):
        return "no text and no file of a kind that is known here"
    return None


def _is_no_text(head: bytes) -> bool:
    """Whether bytes that hold zeros are not UTF-16 or UTF-32 either, in which every second one or more is."""
    zeros = head.count(0)
    wide = max(head[place::2].count(0) for place in (0, 1))
    return not head.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")) and wide * 5 < len(head) // 2 + zeros
