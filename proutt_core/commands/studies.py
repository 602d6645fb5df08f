"""`study create|open|close|unblind|results`: a pairwise check from the command line."""

from typing import Annotated, Any

import typer

from db.studies.drafts import change_study, delete_study, design_of, require_draft
from db.studies.studies import close_study, create_study, open_study, unblind_study
from proutt_core.actions.study_results import report_of
from proutt_core.commands._output import Json, command_output, confirm, note
from proutt_core.statistics.quantities import p_value
from proutt_core.statistics.win_tie_loss import WinTieLoss
from proutt_core.studies.report import CASE_VERDICT, StudyReport
from proutt_core.types import Evidence, StudyDesign, StudyInfo
from proutt_core.types.numbers import LARGEST, LARGEST_SEED

app = typer.Typer(help="Pairwise checks of two methods by people.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The study's name; annotators never see it.")]


@app.command()
def create(
    name: Name,
    title: Annotated[str, typer.Option(help="What annotators see; it must name no method, family, model or run.")],
    dataset: Annotated[str, typer.Option(help="Cases are drawn from its test split.")],
    a: Annotated[str, typer.Option("--a", help="The method a.")],
    b: Annotated[str, typer.Option("--b", help="The method b.")],
    cases: Annotated[int, typer.Option(min=1, max=LARGEST, help="How many samples are compared.")] = 100,
    people: Annotated[int, typer.Option(min=1, max=LARGEST, help="How many people judge each case.")] = 3,
    seed: Annotated[int, typer.Option(min=-LARGEST_SEED, max=LARGEST_SEED, help="Of the draw of cases.")] = 0,
    member: Annotated[
        list[str] | None, typer.Option(help="An account that judges; may be repeated. Default: all who may.")
    ] = None,
    evidence: Annotated[Evidence, typer.Option(help="What people and judges are shown.")] = "context",
    as_json: Json = False,
) -> None:
    """Draw the cases and freeze the protocol. Nobody judges before `study open`."""
    with command_output(as_json) as output:
        study = create_study(
            StudyDesign(
                name=name,
                public_title=title,
                dataset=dataset,
                a=a,
                b=b,
                cases=cases,
                people=people,
                members=tuple(member or ()),
                seed=seed,
                evidence=evidence,
            )
        )
        text = f"study {name} made: {cases} cases, {people} people each; `study open {name}` lets them judge"
        output.result(_json(study), text=text)


@app.command()
def change(
    name: Name,
    new_name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    title: Annotated[str | None, typer.Option(help="What annotators see.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Cases are drawn from its test split.")] = None,
    a: Annotated[str | None, typer.Option("--a", help="The method a.")] = None,
    b: Annotated[str | None, typer.Option("--b", help="The method b.")] = None,
    cases: Annotated[int | None, typer.Option(min=1, max=LARGEST, help="How many samples are compared.")] = None,
    people: Annotated[int | None, typer.Option(min=1, max=LARGEST, help="How many people judge each case.")] = None,
    seed: Annotated[int | None, typer.Option(min=-LARGEST_SEED, max=LARGEST_SEED, help="Of the draw of cases.")] = None,
    member: Annotated[list[str] | None, typer.Option(help="An account that judges, instead of those so far.")] = None,
    evidence: Annotated[Evidence | None, typer.Option(help="What people and judges are shown.")] = None,
    as_json: Json = False,
) -> None:
    """Change a draft: what is not given stays as it is, and the protocol is frozen anew. A study that was opened never
    changes."""
    with command_output(as_json) as output:
        given = {
            "name": new_name,
            "public_title": title,
            "dataset": dataset,
            "a": a,
            "b": b,
            "cases": cases,
            "people": people,
            "seed": seed,
            "members": tuple(member) if member else None,
            "evidence": evidence,
        }
        changes = {field: value for field, value in given.items() if value is not None}
        study = change_study(name, design_of(name).model_copy(update=changes))
        text = f"study {study.name} changed: {study.cases} cases, {study.people} people each; it is still a draft"
        output.result(_json(study), text=text)


@app.command()
def delete(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="It goes for good: do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete a draft. A study that was opened stays."""
    with command_output(as_json) as output:
        study = require_draft(name)
        note(f'the draft "{name}" goes for good: {study.cases} cases of {study.dataset}; predictions stay')
        confirm("Delete it?", yes=yes)
        delete_study(name)
        output.result({"study": name, "deleted": True}, text=f'deleted the draft "{name}"')


@app.command("open")
def open_(name: Name, as_json: Json = False) -> None:
    """Let its people judge. From now on only progress and the share of ties can be seen."""
    with command_output(as_json) as output:
        opened = open_study(name)
        output.result(_json(opened), text=f"study {name} is open for {', '.join(opened.members)}")


@app.command()
def close(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why, where answers are still missing; every report names it.")] = "",
    as_json: Json = False,
) -> None:
    """Stop judging. Before every answer is in, a reason is needed."""
    with command_output(as_json) as output:
        closed = close_study(name, departure=reason)
        early = f" ({closed.departure})" if closed.departure else ""
        output.result(_json(closed), text=f"study {name} is closed{early}; see `study results {name}`")


@app.command()
def unblind(name: Name, as_json: Json = False) -> None:
    """Say which method is a and which is b. This cannot be taken back."""
    with command_output(as_json) as output:
        shown = unblind_study(name)
        output.result(_json(shown), text=f"study {name}: a is {shown.a}, b is {shown.b}")


@app.command()
def results(name: Name, as_json: Json = False) -> None:
    """Win-tie-loss per case of a closed study, with the exact sign test. Refused while it is not closed."""
    with command_output(as_json) as output:
        report = report_of(name)
        output.result(report.as_json(), text=_words(report))


def _json(study: StudyInfo) -> dict[str, Any]:
    shown = study.model_dump(mode="json")
    del shown["id"]
    return shown


def _words(report: StudyReport) -> str:
    lines = [
        f'study {report.study} ("{report.public_title}"), {report.cases} cases of {report.dataset}',
        f"a: {report.a}" if report.unblinded else "a, b: hidden until `study unblind`",
        *([f"b: {report.b}"] if report.unblinded else []),
        _line(f"people ({report.people}, {report.answers} answers)", report.humans),
        *(
            _line(f"{name}, {judge.unscored} unscored (exploratory)", judge.outcome)
            for name, judge in report.judges.items()
        ),
        f"{CASE_VERDICT}; votes are never pooled",
        *(f"departure: {departure}" for departure in report.departures),
        *(f"note: {note}" for note in report.notes),
    ]
    return "\n".join(lines)


def _line(who: str, outcome: WinTieLoss) -> str:
    counts = f"a wins {outcome.wins}, tie {outcome.ties}, b wins {outcome.losses}, unjudged {outcome.unjudged}"
    net = "undefined" if outcome.net_win_rate is None else f"{outcome.net_win_rate:+.1%}"
    p = "undefined" if outcome.sign_test_p is None else p_value(outcome.sign_test_p)
    return f"{who}: {counts}; net win rate {net}; exact sign test over decisive cases p = {p}"
