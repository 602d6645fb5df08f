"""Rows shaped like LMSYS-Chat-1M's, made from a seed: the data itself may not be passed on.

Shaped like it where it matters for reading: 2.0 turns on average with a long tail, short questions and long answers
(lognormal), ten languages in about its shares, moderation results of every message with all eleven categories. Among
them what real files hold: rows that cannot be used, repeated dialogues, one id with another text, personal data, code,
masks, lone surrogates and NUL, ids of pieces (`abc_0`).
"""

import json
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

SAYINGS = 400  # sentences of each language, made once; texts are drawn from them
LONGEST = 12_000  # characters of a message
CATEGORIES = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "self-harm", "self-harm/instructions"),
    *("self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic"),
)
MODELS = ("vicuna-13b", "koala-13b", "alpaca-13b", "llama-2-13b-chat", "claude-1", "gpt-4", "chatglm-6b")
WORDS = {
    "English": "the a of to in how can write python code model data list please give example story about city travel",
    "Portuguese": "o uma de para como posso escrever código lista por favor dê exemplo história sobre cidade viagem"
    " não",
    "Russian": "и в не на как можно написать код список пожалуйста дай пример история про город поездка модель данные",
    "Chinese": "请 写 一个 关于 城市 旅行 的 故事 如何 代码 模型 数据 列表 例子 我们 可以 这个 问题 回答 酒店",
    "Spanish": "el una de para cómo puedo escribir código lista por favor da ejemplo historia sobre ciudad viaje año",
    "German": "der eine von zu wie kann schreiben Code Liste bitte gib Beispiel Geschichte über Stadt Reise für größer",
    "French": "le une de pour comment puis écrire code liste merci donne exemple histoire sur ville voyage été où",
    "Italian": "il una di per come posso scrivere codice lista per favore dammi esempio storia su città viaggio perché",
    "Japanese": "旅行 について の 物語 を 書いて ください コード モデル データ 例 です ます 東京 どう したら いい 質問",
    "unknown": "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor",
}
SHARES = (780, 35, 32, 30, 25, 24, 22, 12, 10, 30)
PIECES = {
    "personal": ("Mail jane.doe@example.org", "Call +1 415-555-0132", "My card is 4111 1111 1111 1111", "13800138000"),
    "code": ('```json\n{"name": "x", "list": [1, 2]}\n```', 'print(f"{a}: {b}")\n\tC:\\temp\\new', "SELECT * FROM t;"),
    "mask": ("NAME_1", "NAME_2 told NAME_1", "<PRESIDIO_ANONYMIZED_PERSON>"),
    "odd": ("a\x00b", "broken \ud83d half", "\u200b", "ﬁne ＡＢＣ １２３"),
}
RARE = (("personal", 0.03), ("code", 0.08), ("mask", 0.06), ("odd", 0.002))
BAD = ("{", '{"conversation": [], "conversation": 1}', '{"conversation_id": "x"}', "17", '{"conversation_id": NaN}', "")


class Talk:
    """Makes rows; everything comes from the one seed, in order."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.sayings = {language: self._sayings(words.split()) for language, words in WORDS.items()}

    def _sayings(self, words: list[str]) -> list[str]:
        apart, stop = ("", "。") if not words[0].isascii() and ord(words[0][0]) > 0x3000 else (" ", ". ")
        lengths = [self.draw.randint(3, 24) for _ in range(SAYINGS)]
        return [apart.join(self.draw.choices(words, k=length)).capitalize() + stop for length in lengths]

    def text(self, language: str, middle: float, spread: float) -> str:
        characters = min(self.draw.lognormvariate(middle, spread), LONGEST)
        said: list[str] = []
        length, pool = 0, self.sayings[language]
        while length < characters or not said:
            said.append(pool[int(self.draw.random() * SAYINGS)])
            length += len(said[-1])
        for kind, share in RARE:
            if self.draw.random() < share:
                said.insert(int(self.draw.random() * len(said)), self.draw.choice(PIECES[kind]) + " ")
        return "".join(said)[: max(4, int(characters))]

    def moderation(self) -> dict[str, Any]:
        scores = {category: self.draw.random() ** 8 for category in CATEGORIES}
        over = {category: score > 0.99 for category, score in scores.items()}
        return {"categories": over, "category_scores": scores, "flagged": any(over.values())}

    def row(self, number: int) -> dict[str, Any]:
        (language,) = self.draw.choices(list(WORDS), SHARES)
        turns = 1 if self.draw.random() < 0.7 else min(60, 1 + int(self.draw.expovariate(1 / 2.9)) + 1)
        conversation = []
        for _ in range(turns):
            conversation.append({"content": self.text(language, 4.4, 1.3), "role": "user"})
            conversation.append({"content": self.text(language, 6.2, 1.1), "role": "assistant"})
        piece = self.draw.random() < 0.01
        return {
            "conversation_id": f"{number // 3:07x}_{number % 3}" if piece else f"{self.draw.getrandbits(128):032x}",
            "model": self.draw.choice(MODELS),
            "conversation": conversation,
            "turn": turns,
            "language": language,
            "openai_moderation": [self.moderation() for _ in conversation],
            "redacted": self.draw.random() < 0.25,
        }


def rows(count: int, *, seed: int = 0) -> Iterator[dict[str, Any]]:
    """`count` rows that are objects; 1 in 200 repeats an earlier one, 1 in 1,000 has its id only."""
    talk = Talk(seed)
    earlier: list[dict[str, Any]] = []
    for number in range(count):
        again = talk.draw.random() if number > 20 else 1.0
        if again < 0.005:
            yield talk.draw.choice(earlier)
            continue
        row = talk.row(number)
        if again < 0.006:
            row["conversation_id"] = talk.draw.choice(earlier)["conversation_id"]
        if number % 50 == 0:
            earlier.append(row)
        yield row


def write_jsonl(path: Path, count: int, *, seed: int = 0) -> Path:
    """`count` lines, UTF-8 as in published files (every fourth with escapes); about 1 in 400 cannot be used."""
    draw = random.Random(seed + 1)
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(rows(count, seed=seed)):
            if draw.random() < 0.0025:
                file.write(draw.choice(BAD) + "\n")
                continue
            line = json.dumps(row, ensure_ascii=True)
            if number % 4 and "\\ud83d" not in line:
                line = json.dumps(row, ensure_ascii=False)
            file.write(line + "\n")
    return path


def write_parquet(path: Path, count: int, *, seed: int = 0) -> Path:
    """The same rows as parquet, in groups of 1,000, as is usual; what it cannot hold (lone surrogates) is replaced."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = rows(count, seed=seed)
    schema: Any = None
    writer: Any = None
    try:
        while batch := [_holdable(row) for row in islice(made, 1_000)]:
            table = pa.Table.from_pylist(batch, schema=schema)
            schema = table.schema
            writer = writer or pq.ParquetWriter(path, schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
    return path


def _holdable(row: dict[str, Any]) -> dict[str, Any]:
    if any("\ud83d" in message["content"] for message in row["conversation"]):
        row["conversation"] = [m | {"content": m["content"].replace("\ud83d", "?")} for m in row["conversation"]]
    return row
