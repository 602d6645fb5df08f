"""The pages Studies and Agreement: what they show of a study in each state, and never while it is open."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from db.studies.studies import close_study, create_study, get_study, list_studies, open_study, unblind_study
from proutt_core.types import StudyDesign
from tests.db import work
from tests.db.blinding.talks import all_given, opened, run_of, stored, talk
from tests.pages.conftest import Open, words
from tests.study_setup import DATASET, add_user, judge_all, two_methods

A, B = "alpha-model", "beta-model"
SignInAs = Callable[..., str]


@pytest.fixture
def study(sqlite: str, sign_in_as: SignInAs) -> str:
    """An open study in which a always won, seen by a researcher."""
    sign_in_as("res", "researcher")
    two_methods()
    users = [add_user("ann"), add_user("bob")]
    create_study(StudyDesign(name="check", public_title="Which fits?", dataset=DATASET, a=A, b=B, cases=3, people=2))
    open_study("check")
    for user in users:
        judge_all(get_study("check").id, user, ["a", "a", "tie"])
    return "check"


def tables(page: AppTest) -> str:
    return "\n".join(frame.value.to_csv() for frame in page.dataframe)


def test_an_open_study_shows_progress_and_ties_and_no_result(study: str, open_page: Open) -> None:
    page = open_page("studies.py")
    assert "Ties among all answers: 33%" in words(page)
    assert "ann,3,3" in tables(page)
    assert "better" not in tables(page) and "Net win rate" not in tables(page)


def test_it_is_told_that_too_few_people_are_left_for_a_case(sqlite: str, sign_in_as: SignInAs, open_page: Open) -> None:
    sign_in_as("res", "researcher")
    ann, _ = work.person("ann", "annotator"), work.person("ben", "annotator")
    stored("chats", talk(0), talk(1), cuts=[4], split="test")
    all_given(run_of(stored("copy", talk(0), cuts=[2])), ann)
    opened("check", "chats", cases=2, people=2)
    assert "1 of these answers cannot come: too few of the people have not read" in words(open_page("studies.py"))


def test_opening_closing_and_unblinding_by_the_buttons(sqlite: str, sign_in_as: SignInAs, open_page: Open) -> None:
    sign_in_as("res", "researcher")
    two_methods()
    add_user("ann")
    create_study(StudyDesign(name="check", public_title="Which fits?", dataset=DATASET, a=A, b=B, cases=3, people=1))
    page = open_page("studies.py")
    page.button(key="open_study").click().run()
    assert get_study("check").state == "open"
    page.button(key="close_study").click().run()
    assert "needs a reason" in words(page) and get_study("check").state == "open"
    page.text_input[0].set_value("moved house").run()
    page.button(key="close_study").click().run()
    assert "closed early, with 0 of 3 answers: moved house" in words(page)
    assert not get_study("check").unblinded and "a is" not in words(page)
    page.button(key="unblind_study").click().run()
    assert f"a is {A}, b is {B}" in words(page)


def test_results_name_the_methods_only_when_unblinded(study: str, open_page: Open) -> None:
    close_study(study)
    page = open_page("studies.py")
    assert "method a better" in tables(page) and f"{A} better" not in tables(page)
    unblind_study(study)
    assert f"{A} better" in tables(page.run())


def test_a_study_is_made_with_the_form_and_a_refusal_says_what_would_do(
    sqlite: str, sign_in_as: SignInAs, open_page: Open
) -> None:
    sign_in_as("res", "researcher")
    two_methods(test=30)
    add_user("ann")
    page = open_page("studies.py")
    page.text_input(key="new_study_name").set_value("june")
    page.text_input(key="new_study_title").set_value("Which fits?").run()
    page.button(key="create_study").click().run()
    assert "has samples of 30 dialogue groups, fewer than 100 cases" in words(page)
    assert "researcher or admin" in words(page) or "neither" in words(page)  # why res may not judge
    page.number_input(key="new_study_cases").set_value(5).run()
    page.button(key="create_study").click().run()
    made = get_study("june")
    assert (made.cases, made.people, made.members, made.a, made.b) == (5, 3, ("ann",), A, B)
    assert "People who judge: ann" in words(page)


def test_agreement_shows_nothing_of_an_open_study_and_counts_of_a_closed_one(study: str, open_page: Open) -> None:
    page = open_page("agreement.py")
    assert "none is yet" in words(page) and not page.dataframe
    close_study(study)
    page = open_page("agreement.py")
    assert "Items: 3, with two or more people: 3. People: 2." in words(page)
    assert "coded by method" in words(page)
    assert '"Raw, pairs of people",100.0 %,3' in tables(page)


def test_results_wait_for_a_study_that_is_open_on_the_same_dialogues(study: str, open_page: Open) -> None:
    close_study(study)
    create_study(StudyDesign(name="later", public_title="Which fits?", dataset=DATASET, a=A, b=B, cases=6, people=1))
    open_study("later")
    for file in ("studies.py", "agreement.py"):
        page = open_page(file)
        if file == "studies.py":
            page.selectbox(key="study_chosen").set_value(study).run()
        assert "They can be read when this study is closed: later" in words(page)
        assert not page.get("plotly_chart") and "Net win rate" not in tables(page)
    close_study("later", departure="enough")
    assert "Net win rate" in tables(open_page("studies.py").selectbox(key="study_chosen").set_value(study).run())


def test_agreement_says_undefined_and_why(sqlite: str, sign_in_as: SignInAs, open_page: Open) -> None:
    sign_in_as("res", "researcher")
    two_methods()
    users = [add_user("ann"), add_user("bob")]
    create_study(StudyDesign(name="check", public_title="Which fits?", dataset=DATASET, a=A, b=B, cases=3, people=2))
    open_study("check")
    for user in users:
        judge_all(get_study("check").id, user, ["a", "a", "a"])
    close_study("check")
    assert '"Krippendorff\'s alpha, nominal",undefined,3,nothing varies' in tables(open_page("agreement.py"))


def draft_page(open_page: Open, sign_in_as: SignInAs) -> AppTest:
    sign_in_as("res", "researcher")
    two_methods()
    add_user("ann")
    create_study(
        StudyDesign(name="check", public_title="Which fits?", dataset=DATASET, a=B, b=A, cases=3, people=1, seed=4)
    )
    return open_page("studies.py")


def test_a_draft_is_changed_in_a_form_that_holds_what_it_was_asked_to_be(
    sqlite: str, sign_in_as: SignInAs, open_page: Open
) -> None:
    page = draft_page(open_page, sign_in_as)
    page.button(key="change_study").click().run()
    filled_in = [page.text_input(key=f"new_study_{field}").value for field in ("name", "title")]
    chosen = [page.selectbox(key=f"new_study_{field}").value for field in ("a", "b")]
    numbers = [page.number_input(key=f"new_study_{field}").value for field in ("cases", "people", "seed")]
    assert (filled_in, chosen, numbers) == (["check", "Which fits?"], [B, A], [3, 1, 4])
    page.number_input(key="new_study_cases").set_value(2).run()
    page.text_input(key="new_study_name").set_value("smaller").run()
    page.button(key="create_study").click().run()
    assert [(study.name, study.cases, study.a) for study in list_studies()] == [("smaller", 2, B)]
    assert "2 cases of" in words(page)
    page.button(key="new_study").click().run()
    assert "New study: paper check, 100 cases" in words(page)


def test_a_draft_is_deleted_on_a_confirming_click(sqlite: str, sign_in_as: SignInAs, open_page: Open) -> None:
    page = draft_page(open_page, sign_in_as)
    assert "This goes for good: the draft check and its 3 cases. The predictions stay." in words(page)
    page.button(key="delete_study").click().run()
    assert list_studies() == []
    assert "New study" in words(page)


def test_a_draft_that_was_opened_meanwhile_is_neither_changed_nor_deleted(
    sqlite: str, sign_in_as: SignInAs, open_page: Open
) -> None:
    page = draft_page(open_page, sign_in_as)
    other = open_page("studies.py")
    open_study("check")
    page.button(key="delete_study").click().run()
    other.button(key="change_study").click().run()
    for seen in (page, other):
        assert "only a draft study can be" in words(seen)
    assert get_study("check").state == "open"
