"""A page that is looked at twice shows what changed between. No cache is cleared here: in the product nobody does."""

import ast
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import pages
from db.datasets import datasets
from db.jobs import jobs, prices
from db.jobs.prices import Price
from proutt_core.actions.importing import import_now
from proutt_core.actions.personal_data import mask_dataset
from proutt_core.dialogues import ImportSettings, parse_shares
from proutt_core.jobs.kinds.importing import ImportRequest
from proutt_core.llm.providers.model_ref import OTHER
from tests.db import work
from tests.jobs.project import import_talks, queue_run, run_here
from tests.pages.conftest import Open, words

ADDRESS = "http://10.0.0.7:8000/v1"


@pytest.fixture
def researcher(sign_in_as: Callable[..., str]) -> None:
    sign_in_as("res", "researcher")


def more_of_the_run(limit: int) -> None:
    """The run's first `limit` items are done, those of earlier calls among them."""
    run_here(queue_run("first", limit=limit).job_id)


def test_after_a_pilot_the_thresholds_are_those_of_the_rest_as_well(open_page: Open, researcher: None) -> None:
    import_talks(12)
    more_of_the_run(4)
    page = open_page("thresholds.py")
    page.slider[0].set_value((0.05, 0.8)).run()
    assert "The same settings and 4 samples" in words(page)
    more_of_the_run(12)
    assert "The same settings and 12 samples" in words(page.run())
    page = open_page("thresholds.py")
    page.slider[0].set_value((0.05, 0.8)).run()
    assert "The same settings and 12 samples" in words(page)


def test_the_estimate_of_the_rest_leaves_out_what_was_done_meanwhile(open_page: Open, researcher: None) -> None:
    import_talks(12)
    more_of_the_run(3)
    assert "the real ones of 9 of the run's dialogues" in words(with_estimate_of_the_rest(open_page))
    more_of_the_run(6)
    assert "the real ones of 6 of the run's dialogues" in words(with_estimate_of_the_rest(open_page))


def with_estimate_of_the_rest(open_page: Open) -> AppTest:
    page = open_page("synthesis.py")
    page.session_state[f"go-on-{jobs.list_jobs(kind='synthesis')[0].public_id}"] = True
    return page.run()


def test_the_estimate_knows_a_price_that_was_set_meanwhile(open_page: Open, researcher: None) -> None:
    work.samples(2)
    page = open_page("synthesis.py")
    page.selectbox(key="run-model-provider").set_value(OTHER).run()
    page.text_input(key="run-model-name").set_value("glm").run()
    page.text_input(key="run-model-url").set_value(ADDRESS).run()
    assert "no price is known for glm" in words(page)
    prices.set_price(Price(ADDRESS, "glm", date(2020, 1, 1), "EUR", prompt=9.0, cached=1.0, completion=9.0))
    page.run()
    assert "no price is known" not in words(page) and " EUR" in words(page)


def test_the_estimate_is_of_the_texts_as_they_are_now(open_page: Open, researcher: None, tmp_path: Path) -> None:
    said = [("user", f"I am {'x' * 60}@example.com"), ("assistant", "Hello."), ("user", "Bye.")]
    row = {"id": "d", "messages": [{"role": role, "content": text} for role, text in said]}
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    import_now(ImportRequest(paths=(str(path),), dataset="d", settings=ImportSettings(shares=parse_shares("100/0/0"))))
    page = open_page("synthesis.py")
    before = tokens_read(page)
    mask_dataset(datasets.required("d").id)
    assert tokens_read(page.run()) < before


def tokens_read(page: AppTest) -> int:
    (line,) = [text.value for text in page.text if text.value.startswith("Tokens: ")]
    return int(line.split()[1].replace(",", ""))


def cached_by_streamlit() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted(Path(pages.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any("st.cache_" in ast.unparse(d) for d in node.decorator_list):
                yield f"{path.name}: {node.name}", node


def test_whatever_a_cached_function_is_given_is_part_of_its_key() -> None:
    """Streamlit leaves out parameters whose name begins with an underscore."""
    left_out = [
        f"{name}({argument.arg})"
        for name, function in cached_by_streamlit()
        for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        if argument.arg.startswith("_")
    ]
    assert left_out == []
