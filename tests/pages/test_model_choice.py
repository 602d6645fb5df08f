"""The model's form: the check button, its table, the provider behind OpenRouter."""

from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from proutt_core.llm.providers.model_ref import OTHER
from tests.fake_server import FakeServer
from tests.pages.conftest import words

Form = Callable[[], AppTest]


def draw() -> None:
    """The form alone, without the page around it."""
    from pages._parts.jobs.model_form import choose_model_form

    choose_model_form("run-model")


@pytest.fixture
def form(sign_in_as: Callable[..., str]) -> Form:
    sign_in_as("res", "researcher")
    return lambda: AppTest.from_function(draw, default_timeout=30).run()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(provider="DeepInfra", cached_tokens=16) as running:
        yield running


def at(form: Form, url: str) -> AppTest:
    page = form()
    page.selectbox(key="run-model-provider").set_value(OTHER).run()
    page.text_input(key="run-model-name").set_value("fake").run()
    return page.text_input(key="run-model-url").set_value(url).run()


def check(page: AppTest) -> AppTest:
    page.button(key="run-model-check-go").click().run()
    assert not page.exception
    return page


def table(page: AppTest) -> list[dict[str, object]]:
    return [row for t in page.dataframe if "Asked for" in t.value for row in t.value.to_dict("records")]


def test_the_rules_have_no_check(form: Form) -> None:
    page = form()
    assert "Check this model" not in words(page)


def test_a_check_shows_each_step_and_who_answered(form: Form, server: FakeServer) -> None:
    server.refuse = {"json_schema"}
    page = at(form, server.base_url)
    assert server.calls == []
    rows = table(check(page))
    assert [(row["Asked for"], row["Result"]) for row in rows] == [
        ("json_schema", "refused"),
        ("json_object", "works"),
        ("text", "works"),
    ]
    assert [row["Cached"] for row in rows][1:] == [16, 16]
    said = words(page)
    assert "Runs will ask for json_object." in said and "Answered by fake-2026-01-01 at DeepInfra." in said
    assert "json_schema: " in said and "is not supported by this model" in said
    assert len(server.calls) == 3


def test_what_was_checked_is_not_shown_for_another_model(form: Form, server: FakeServer) -> None:
    page = check(at(form, server.base_url))
    assert table(page)
    page.text_input(key="run-model-name").set_value("another").run()
    assert table(page) == []


def test_another_machine_is_asked_nothing_before_it_was_confirmed(
    form: Form, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proutt_core.llm.providers.model_ref.is_local", lambda address: False)
    page = check(at(form, server.base_url))
    assert "Confirm first" in words(page)
    assert server.calls == [] and table(page) == []
    page.checkbox(key=f"run-model-sure-{server.base_url}").check().run()
    assert len(table(check(page))) == 3


def test_a_missing_key_is_told(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZHIPUAI_API_KEY", raising=False)
    page = form()
    page.selectbox(key="run-model-provider").set_value("zhipu").run()
    page.checkbox[0].check().run()
    assert "ZHIPUAI_API_KEY" in words(check(page)) and table(page) == []


def test_an_annotator_can_send_nothing(form: Form, server: FakeServer, sign_in_as: Callable[..., str]) -> None:
    page = at(form, server.base_url)
    sign_in_as("ann", "annotator")
    assert "may no longer do this" in words(check(page))
    assert server.calls == []


def test_openrouter_names_who_gets_the_texts(form: Form) -> None:
    page = form()
    page.selectbox(key="run-model-provider").set_value("openrouter").run()
    assert page.text_input(key="run-model-upstream-z-ai/glm-4.6").value == "deepinfra/fp4"
    assert "They are passed on to deepinfra/fp4 and to no other provider" in words(page)
    page.selectbox(key="run-model-name-openrouter").set_value("qwen/qwen3-max").run()
    assert "name one provider" in words(page) and not page.checkbox
    page.text_input(key="run-model-upstream-qwen/qwen3-max").set_value("novita").run()
    assert "They are passed on to novita" in words(page)
    # The confirmation is for this provider, not for all of OpenRouter.
    page.checkbox(key="run-model-sure-https://openrouter.ai/api/v1 novita").check().run()
    page.text_input(key="run-model-upstream-qwen/qwen3-max").set_value("alibaba").run()
    assert page.checkbox[0].value is False


def test_parameters_are_typed_a_line_each_and_sent_with_the_check(form: Form, server: FakeServer) -> None:
    page = at(form, server.base_url)
    page.text_area(key="run-model-parameters").set_value("temperature=0.2\nchat_template_kwargs.x=false").run()
    assert len(table(check(page))) == 3
    sent = [(call.body["temperature"], call.body["chat_template_kwargs"]) for call in server.calls]
    assert sent == [(0.2, {"x": False})] * 3


def test_parameters_that_cannot_be_read_are_told_and_nothing_is_sent(form: Form, server: FakeServer) -> None:
    page = at(form, server.base_url)
    page.text_area(key="run-model-parameters").set_value("temperature=0,7").run()
    assert 'the parameter "temperature=0,7" has a value that is no JSON' in words(page)
    assert table(check(page)) == [] and server.calls == []


def test_the_rules_ask_for_no_parameters(form: Form) -> None:
    assert "Parameters" not in words(form())
