"""The bundled sample project's dialogues: 60 conversations written for this product (README.md beside this file)."""

from pathlib import Path


def sample_path() -> Path:
    """The dialogues as an OpenAI messages JSONL file, read by the same importer as any other file.

    Every row has `id`, `language` ("en" or "zh") and `messages`; rows of one imaginary user share
    `group`. Rows whose id begins with "noisy-" need normalising; all others are clean.
    """
    return Path(__file__).with_name("dialogues.jsonl")
