"""`prices` as it is typed."""

import json

import pytest
from typer.testing import CliRunner

from proutt_core.__main__ import app
from proutt_core.llm.providers.price_list import STARTING_PRICES


def prices(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["prices", *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def listed() -> list[dict[str, object]]:
    code, stdout, _ = prices("--json")
    assert code == 0
    return list(json.loads(stdout)["prices"])


AMOUNTS = ("--prompt", "3", "--cached", "0.5", "--completion", "15", "--currency", "USD", "--since", "2026-01-31")


@pytest.mark.parametrize(
    ("target", "address", "model"),
    [
        (("openrouter/z-ai/glm-4.6",), "https://openrouter.ai/api/v1", "z-ai/glm-4.6"),
        (("http://10.0.0.1:8000/v1/Qwen/Qwen3-8B",), "http://10.0.0.1:8000/v1", "Qwen/Qwen3-8B"),
        (("Qwen/Qwen3-8B", "--base-url", "http://10.0.0.1:8000/"), "http://10.0.0.1:8000", "Qwen/Qwen3-8B"),
    ],
)
def test_a_price_is_set_listed_and_removed(database: str, target: tuple[str, ...], address: str, model: str) -> None:
    assert prices("set", *target, *AMOUNTS, "--source", "their page")[0] == 0
    assert listed() == [
        {
            "address": address,
            "model": model,
            "since": "2026-01-31",
            "currency": "USD",
            "prompt": 3.0,
            "cached": 0.5,
            "completion": 15.0,
            "source": "their page",
        }
    ]
    assert f"{model} at {address}, since 2026-01-31: 3 USD prompt, 0.5 cached, 15 completion" in prices()[1]
    assert prices("remove", *target, "--since", "2026-01-31")[0] == 0
    assert listed() == []


def test_without_a_cached_price_cached_tokens_cost_the_full_one(sqlite: str) -> None:
    words = ("--prompt", "3", "--completion", "15", "--currency", "USD")
    assert prices("set", "openai/gpt-5", *words)[0] == 0
    assert [(row["cached"], row["source"]) for row in listed()] == [(3.0, "set by hand")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("set", "nowhere/m", *AMOUNTS), "no preset is called"),
        (("set", "openai", *AMOUNTS), "names no model"),
        (("set", "https://example.org/m", *AMOUNTS), "give MODEL --base-url URL"),
        (("set", "openai/m", *AMOUNTS[:-1], "yesterday"), "--since is a day"),
        (("set", "openai/m", *AMOUNTS[:6], "--currency", "Euro"), "three capital letters"),
        (("set", "openai/m", "--prompt=-1", *AMOUNTS[4:]), "the prompt price must be 0 or more"),
        (("remove", "openai/m"), "there is no price of m at https://api.openai.com/v1"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(sqlite: str, words: tuple[str, ...], message: str) -> None:
    code, stdout, stderr = prices(*words)
    assert (code, stdout) == (1, "")
    assert message in stderr
    assert len(stderr.splitlines()) == 1
    assert listed() == []


def test_init_loads_the_known_prices_and_leaves_what_people_set(sqlite: str) -> None:
    first = STARTING_PRICES[0]
    words = ("--prompt", "99", "--completion", "99", "--currency", "USD", "--since", str(first["since"]))
    assert prices("set", first["model"], "--base-url", first["address"], *words)[0] == 0
    done = CliRunner().invoke(app, ["init"])
    assert done.exit_code == 0
    assert f"{len(STARTING_PRICES) - 1} prices of models loaded" in done.stdout
    assert len(listed()) == len(STARTING_PRICES)
    assert [row["prompt"] for row in listed() if row["model"] == first["model"]] == [99.0]
    assert "prices" not in CliRunner().invoke(app, ["init"]).stdout
    assert "check them with your provider" in prices()[1]
