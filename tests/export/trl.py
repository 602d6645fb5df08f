"""What TRL itself makes of an exported file: loaded with `datasets`, checked and templated by TRL's own code."""

from pathlib import Path
from typing import Any


def read_with_trl(path: Path, *, cache: Path) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """(row, row as text) of every row. TRL raises KeyError where a row's keys are not one known set."""
    from datasets import Dataset
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast
    from trl.chat_template_utils import qwen3_chat_template
    from trl.data_utils import apply_chat_template, is_conversational

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>")))
    tokenizer.chat_template = qwen3_chat_template
    rows = list(Dataset.from_json(str(path), cache_dir=str(cache), keep_in_memory=True))
    assert all(is_conversational(row) for row in rows)
    return [(row, apply_chat_template(row, tokenizer)) for row in rows]
