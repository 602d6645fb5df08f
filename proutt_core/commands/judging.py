"""`judge`: an LLM judges a study's cases. `agreement`: how far people, and people and judges, agree."""

from pathlib import Path
from typing import Annotated, Any

import typer

from db.jobs import items
from proutt_core.actions.judging import start
from proutt_core.actions.study_results import agreement_of
from proutt_core.commands._output import Json, command_output, note
from proutt_core.commands._work import BaseUrl, Model, Parameter, Upstream, Yes, confirm_destination, work_on
from proutt_core.errors import InputError
from proutt_core.jobs.kinds.judging import run_judging
from proutt_core.judge.cases import Mode
from proutt_core.judge.settings import JudgeRequest
from proutt_core.label_files import LabelColumns, meanings_of, read_label_set
from proutt_core.llm.providers.model_ref import ModelRef
from proutt_core.statistics.agreement import AgreementReport, agreement_report
from proutt_core.statistics.labels import CODING
from proutt_core.statistics.majority import CONFUSION_ORDER, JudgeAgreement
from proutt_core.statistics.quantities import Quantity, ceiling_quantities, human_quantities, judge_quantities
from proutt_core.types.numbers import LARGEST


def judge(
    study: Annotated[str, typer.Option(help="An open or closed study.")],
    model: Model = "rules",
    base_url: BaseUrl = None,
    upstream: Upstream = None,
    parameter: Parameter = None,
    mode: Annotated[Mode, typer.Option(help="pairwise: both orders; pointwise: each set scored alone.")] = "pairwise",
    tie_margin: Annotated[float, typer.Option(help="Pointwise: scores no further apart are a tie.")] = 0.0,
    concurrency: Annotated[
        int, typer.Option(min=1, max=LARGEST, help="Cases at a time; not a setting of the run.")
    ] = 8,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Judge a study's cases with an LLM. Verdicts stay hidden until the study is closed; the same command resumes."""
    with command_output(as_json) as output:
        request = JudgeRequest(
            study=study,
            model=ModelRef.from_options(model, base_url=base_url, upstream=upstream, parameters=parameter),
            mode=mode,
            tie_margin=tie_margin,
            concurrency=concurrency,
        )
        confirm_destination(request.model, yes=yes)
        run = start(request)
        worked = work_on(run.id, run_judging, concurrency=concurrency)
        counts = items.counts(run.id)
        read = {"run": run.name, "total": counts.total, "read": counts.done, "unscored": counts.failed}
        result = {**read, **worked.as_json()}
        text = f"{run.name}: {counts.done} of {counts.total} readings, {counts.failed} unscored"
        reasons = [f"unscored, {f.stage}: {f.reason}" for f in items.failures(run.id, limit=3)]
        output.result(result, text="\n".join([text, *worked.in_words(), *reasons]))


def agreement(
    study: Annotated[str | None, typer.Option(help="A closed study.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="A file of labels: CSV, Excel, JSON, an annotation tool's export (docs/label-files.md)."),
    ] = None,
    item: Annotated[str | None, typer.Option(help="The column that names the item. Default: guessed.")] = None,
    rater: Annotated[str | None, typer.Option(help="The column that names the rater. Default: guessed.")] = None,
    verdict: Annotated[
        str | None, typer.Option(help="The column of the verdict, or the question in an export. Default: guessed.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="The column that says human or judge; '' for none.")] = None,
    rater_columns: Annotated[
        list[str] | None, typer.Option("--rater-column", help="A column of one rater's verdicts. Repeatable.")
    ] = None,
    judges: Annotated[
        list[str] | None, typer.Option("--judge", help="A rater who is an LLM judge. Repeatable.")
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--value", help="What a word of the file means: 1=a, 2=b, 0=tie. Repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Agreement between people, and of each judge with their strict majority. Undefined where undefined."""
    with command_output(as_json) as output:
        if (study is None) == (labels is None):
            raise InputError("give either --study NAME or --labels FILE")
        raters = tuple(rater_columns or ())
        columns = LabelColumns(
            item=item,
            rater=rater,
            verdict=verdict,
            kind=kind,
            raters=raters,
            judges=tuple(judges or ()),
            meanings=meanings_of(values or ()),
        )
        if labels is None:
            if columns != LabelColumns():
                raise InputError("a study has no columns to choose: give them with --labels FILE")
            report = agreement_of(study or "")
        else:
            read = read_label_set(labels, columns)
            for text in read.notes:
                note(text)
            report = agreement_report(read.labels)
        output.result(report.as_json(), text=_words(report))


_WHY = {
    "": "",
    "nothing_overlaps": "nothing overlaps",
    "nothing_varies": "nothing varies: all these verdicts are equal",
}


def _words(report: AgreementReport) -> str:
    human = [
        f"people: {report.n_raters}, items: {report.n_items}, with two or more people: {report.human.n_overlapping}"
    ]
    human += [_line(q) for q in human_quantities(report)]
    human += [_line(q) for q in ceiling_quantities(report)]
    judges = [line for name, judge in report.judges.items() for line in _judge_words(name, judge)]
    return "\n".join([f"coding {CODING}", *human, *judges])


def _judge_words(name: str, judge: JudgeAgreement) -> list[str]:
    left_out: dict[str, Any] = {
        "not judged by people": judge.without_humans,
        "without a strict majority": judge.without_majority,
        "unscored by the judge": judge.without_judge,
    }
    left = ", ".join(f"{n} {why}" for why, n in left_out.items())
    rows = [
        f"  majority {verdict:>3}: " + " ".join(f"{n:>5}" for n in row)
        for verdict, row in zip(CONFUSION_ORDER, judge.confusion, strict=True)
    ]
    head = f"judge {name} against the strict majority of people, n = {judge.n} (left out: {left})"
    return [head, *(_line(q) for q in judge_quantities(judge)), f"  judge says {' '.join(CONFUSION_ORDER)}", *rows]


def _line(quantity: Quantity) -> str:
    why = f" ({_WHY[quantity.why]})" if quantity.why else ""
    return f"  {quantity.words}: {quantity.shown}{why}, n = {quantity.n}"
