"""What of a name gives a method away in a title, and what does not."""

import pytest

from db.blinding.likeness import names, names_a_part


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Check of Qwen3", "Qwen3-8B"),
        ("Qwen talks", "Qwen3-8B"),
        ("Talks, by qwen2", "Qwen/Qwen3-8B"),
        ("llama at home", "LLaMA3.1-8B-lora"),
        ("Some llamas", "LLaMA3.1-8B-lora"),
        ("ChatLlama", "LLaMA3.1-8B-lora"),
        ("With LoRA", "LLaMA3.1-8B-lora"),
        ("deepseek", "deepseek-chat"),
        ("Deep Seek", "DeepSeek-V3.2-Exp"),
        ("deep-seek on trains", "deepseek/deepseek-chat"),
        ("GPT outside", "gpt-4o"),
        ("The GPT 3 talk", "gpt4o-mini"),
        ("About GLM", "z-ai/glm-4.6"),
        ("Phi and friends", "phi-3"),
        ("Doubao", "Doubao-Seed-1.6"),
        ("D0ubao", "Doubao-Seed-1.6"),
        ("豆包的对话", "豆包-1.5"),
        ("Ｑｗｅｎ talks", "Qwen3-8B"),  # full width
        ("𝐐𝐰𝐞𝐧 talks", "Qwen3-8B"),  # mathematical
        ("Qwеn talks", "Qwen3-8B"),  # Cyrillic е
        ("Qwεn talks", "Qwen3-8B"),  # Greek ε
        ("QwĘn talks", "Qwen3-8B"),  # marks
        ("Q\u200bw\u200den talks", "Qwen3-8B"),
        ("Q\u0335wen talks", "Qwen3-8B"),
        ("ꞯᴡᴇɴ talks", "Qwen3-8B"),  # small capitals
        ("🅠🅦🅔🅝 talks", "Qwen3-8B"),
        ("Q w e n talks", "Qwen3-8B"),
        ("q.w.e.n", "Qwen3-8B"),
        ("Zqmodelzq", "zqmodelzq-lora-2"),
    ],
)
def test_a_part_by_which_a_name_is_recognised(title: str, name: str) -> None:
    assert names_a_part(title, name)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("House rules", "rules-without-tree"),
        ("The chat of the week", "deepseek-chat"),
        ("Test data, first run", "the-test-data-run-2"),
        ("Without a tree", "rules-without-tree"),
        ("Which model fits better?", "alpha-model"),
        ("Floral talk", "LLaMA3.1-8B-lora"),
        ("A table of sets", "ab"),
        ("Eight bees", "8B"),
        ("Version 3", "DeepSeek-V3.2-Exp"),
        ("Talks of 2026", "run-2026"),
        ("Explore the town", "exp-4"),
        ("A glance", "glm-4"),
        ("Comment fait-on ?", "Qwen3-8B"),
        ("Прогулка по городу", "Qwen3-8B"),
        ("周末的对话", "Qwen3-8B"),
        ("", "Qwen3-8B"),
        ("Weekend talk", ""),
        ("Weekend talk", "???"),
    ],
)
def test_ordinary_words_of_a_name_give_nothing_away(title: str, name: str) -> None:
    assert not names_a_part(title, name)


@pytest.mark.parametrize(
    ("title", "name", "named"),
    [
        ("Is ALPHA MODEL good?", "alpha-model", True),
        ("Is ａlphа-mοdel good?", "alpha-model", True),  # full width, Cyrillic, Greek
        ("House rules", "rules", True),
        ("About ab", "ab", True),
        ("A table of sets", "ab", False),
        ("周末的豆包对话", "豆包", True),
        ("Talks", "", False),
    ],
)
def test_whole_names_count_whatever_separates_their_words(title: str, name: str, named: bool) -> None:
    assert names(title, name) is named
