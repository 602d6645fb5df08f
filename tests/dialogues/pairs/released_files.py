"""Files in the form of the released ProUtt data, written for these tests: the layout is theirs, every word ours."""

import json
from pathlib import Path
from typing import Any

TREE = "{'Trip': {'Destination': 'Kyoto', 'Season': \"it's autumn\"}}"


def prompt(*turns: tuple[str, str]) -> str:
    history = "\n".join(
        f"\n[Round {n}]\nUser: {user}\nAssistant: {assistant}" for n, (user, assistant) in enumerate(turns, start=1)
    )
    return (
        "Infer what the user says next.\n\n--Input Information--\n"
        f"[user-assistant conversation history]: \n```\n{history}\n```"
    )


def answer(marker: str = "", *, tree: str = TREE, predictions: int = 4) -> str:
    lines = "".join(f"<predict>Prediction {n}{marker}?</predict>\n" for n in range(1, predictions + 1))
    return (
        f"<think>First, I extract what the user wants.\n[User Intent Tree]: ```\n{tree}\n```\n\n"
        "Then, I look at the sentence.\n[Analysis of the sentence category for the user's next input]: Questions so"
        f" far{marker}.\nTherefore, the sentence category for the user's next input is most likely Question.\n\n"
        f"Finally, I infer.\n[Mining View Analysis]: The trip goes on{marker}. Trip -> Price.\n"
        f"[Exploration View Analysis]: Another city{marker}. Trip -> Nara-Deer.\n</think>\n"
        f"The user's next input is most likely: \n{lines}"
    )


def preference(question: str, *, chosen: str | None = None, rejected: str | None = None) -> dict[str, Any]:
    return {
        "conversations": [{"from": "human", "value": prompt((question, "Two temples."))}],
        "chosen": {"from": "gpt", "value": answer() if chosen is None else chosen},
        "rejected": {"from": "gpt", "value": answer(" (worse)") if rejected is None else rejected},
    }


def sft(question: str, *, chosen: str | None = None) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "user", "content": prompt((question, "Two temples."))},
            {"role": "assistant", "content": answer() if chosen is None else chosen},
        ]
    }


def write(path: Path, rows: list[Any], *, indent: int | None = 4) -> Path:
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=indent), encoding="utf-8")
    return path
