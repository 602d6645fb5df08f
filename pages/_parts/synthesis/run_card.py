"""What a finished run came to, on one screen: pairs and branches, hindsight, cost by stage, settings."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from db.jobs import usage
from db.jobs.jobs import JobInfo
from db.jobs.usage import StageUsage
from db.synthesis.runs import Overlap, RunSummary, overlaps
from pages._parts.jobs.job import duration_said, model_said, money_said
from pages._parts.synthesis.items import filter_names
from pages._parts.synthesis.prices import offer_price
from pages._parts.tables import fact_row, fact_table, table
from pages._parts.text import _
from pages._parts.tree_chart import colours
from proutt_core.display.numbers import each, percent, share, short
from proutt_core.display.visible import visible
from proutt_core.jobs.bills import bill_of
from proutt_core.runs.bill import Bill, StageCost, shown_money
from proutt_core.runs.pace import duration
from proutt_core.runs.request import RunSettings
from proutt_core.synthesis.hindsight import quotes
from proutt_core.synthesis.stages import STAGES
from proutt_core.types import BRANCHES

STAGE_ROW = 26
BRANCH_HEIGHT = 24


def run_card(job: JobInfo, run: RunSummary) -> None:
    bill = bill_of(job.id)
    fact_row(_headline(job, run, bill))
    came, cost, settings = st.columns([1, 1.35, 1], gap="medium")
    with came, st.container(gap="xsmall"):
        _branches(run)
        _gates(run)
        _hindsight(overlaps(job.id))
    with cost:
        _cost(job, bill)
    with settings:
        fact_table(_settings(job, usage.of_job(job.id)))


def _headline(job: JobInfo, run: RunSummary, bill: Bill) -> list[tuple[str, str]]:
    total = bill.total
    facts = [
        (_("Clean pairs"), f"{run.clean:,} ({percent(run.clean, run.done)})"),
        (_("Calls"), _("{n} and {log} from the log").format(n=f"{total.calls:,}", log=f"{total.cached_calls:,}")),
        (_("Calls an item"), each(total.calls + total.cached_calls, run.done + run.failed)),
        (_("Tokens in, out"), f"{short(total.prompt_tokens)}, {short(total.completion_tokens)}"),
        (_("Money"), money_said(bill)),
    ]
    if job.started_at is not None and job.finished_at is not None:
        took = duration((job.finished_at - job.started_at).total_seconds())
        facts.append((_("First to last"), duration_said(took)))
    return facts


def _branches(run: RunSummary) -> None:
    """One bar of three parts, each with its name and share beside it, so that none is told by colour alone."""
    shade, names = colours(), filter_names()
    colour = {"high": shade["true"], "mid": shade["exploration"], "low": shade["mining"]}
    bars = [
        {
            "type": "bar",
            "x": [share(run.branches[branch], run.done)],
            "y": [""],
            "orientation": "h",
            "marker": {"color": colour[branch], "line": {"color": shade["paper"], "width": 2}},
            "hoverinfo": "skip",
        }
        for branch in BRANCHES
    ]
    layout = {
        "barmode": "stack",
        "height": BRANCH_HEIGHT,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "showlegend": False,
        "bargap": 0,
        "xaxis": {"visible": False, "range": [0, 1]},
        "yaxis": {"visible": False},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }
    st.caption(_("Branches, in the bar from left to right"))
    st.plotly_chart(
        {"data": bars, "layout": layout},
        height=BRANCH_HEIGHT,
        key="branches",
        config={"staticPlot": True},
        alt=_("Shares of the branches"),
    )
    fact_row(
        [(names[b], f"{run.branches[b]:,} ({percent(run.branches[b], run.done)})") for b in BRANCHES], gap="medium"
    )


def _gates(run: RunSummary) -> None:
    failed = [f"{gate} {n:,}" for gate, n in run.gate_failures.items()]
    fact_row([(_("Gates failed, in pairs"), " · ".join(failed) or _("none"))])


def _hindsight(by_branch: Mapping[str, Overlap]) -> None:
    """How much of what the user really said stands in the chosen reasoning, beside the unrevised one."""
    names = filter_names()
    sentences = [
        _("{branch}: {chosen:.2f}, insight {insight:.2f}").format(
            branch=names[branch], chosen=by_branch[branch].chosen, insight=by_branch[branch].insight
        )
        for branch in BRANCHES
        if branch in by_branch
    ]
    fact_row([(_("Hindsight: true utterance in the chosen reasoning"), " · ".join(sentences) or _("not measured"))])
    if any(quotes(overlap.chosen) for overlap in by_branch.values()):
        st.markdown(":orange[:material/warning:] " + _("Chosen reasonings quote the utterance: read some of them."))
    st.caption(
        _(
            "Mean share of its words and word pairs. Revised along a path from that utterance, chosen lies above the"
            " insight, which never saw it; worry from 0.5 on, where it quotes the answer."
        )
    )


def _cost(job: JobInfo, bill: Bill) -> None:
    by_stage = {row.stage: row for row in bill.stages}
    known = [by_stage.pop(stage) for stage in STAGES if stage in by_stage]
    rows = [_cost_row(row.stage, row, bill) for row in (*known, *by_stage.values())]
    rows.append(_cost_row(_("all"), bill.total, bill))
    table(
        pd.DataFrame(rows),
        hide_index=True,
        row_height=STAGE_ROW,
        height=STAGE_ROW * len(rows) + 40,
        column_config={
            _("Stage"): st.column_config.TextColumn(width=118),
            _("Calls"): st.column_config.NumberColumn(format="localized"),
            **{name: st.column_config.TextColumn(alignment="right") for name in (_("Prompt"), _("Cached"), _("Reply"))},
            _("Money"): st.column_config.TextColumn(alignment="right"),
        },
        key=f"cost-{job.public_id}",
    )
    if bill.total.money is None:
        offer_price(job)
    elif bill.note:
        st.caption(bill.note)


def _cost_row(stage: str, row: StageCost, bill: Bill) -> dict[str, object]:
    return {
        _("Stage"): stage,
        _("Calls"): row.calls,
        _("Prompt"): short(row.prompt_tokens),
        _("Cached"): short(row.cached_tokens),
        _("Reply"): short(row.completion_tokens),
        _("Money"): "–" if row.money is None else shown_money(row.money, bill.currency),
    }


def _settings(job: JobInfo, used: Sequence[StageUsage]) -> list[tuple[str, str]]:
    frozen = RunSettings.from_stored(job.settings)
    answered = dict.fromkeys(
        _("{model} by {provider}").format(model=row.answered_by, provider=row.provider)
        if row.provider
        else row.answered_by
        for row in used
        if row.answered_by
    )
    lines = [
        (_("Dataset"), f"{job.dataset or ''} ({frozen.split})"),
        (_("Model"), model_said(job.settings)),
        (_("Answered"), ", ".join(answered) or _("nobody was asked")),
        (_("Prompts"), _versions(frozen.prompts)),
        (_("tau_high, tau_low"), f"{frozen.thresholds.tau_high}, {frozen.thresholds.tau_low}"),
        (_("Seed"), str(frozen.seed)),
        (_("Without"), ", ".join(sorted(frozen.without)) or _("nothing: the whole method")),
        (_("Generation"), str(frozen.generation)),
    ]
    if frozen.model.given:
        lines.append((_("Parameters"), frozen.model.given_in_words))
    if frozen.model.upstream is not None:
        lines.append((_("Upstream"), frozen.model.upstream))
    return [(what, visible(value)) for what, value in lines]


def _versions(prompts: Mapping[str, int]) -> str:
    """The version that most stages have, then the stages whose version differs."""
    if not prompts:
        return ""
    counted = list(prompts.values())
    usual = max(set(counted), key=counted.count)
    other = [f"{stage} {version}" for stage, version in prompts.items() if version != usual]
    said = _("version {n}").format(n=usual)
    return f"{said}; {', '.join(other)}" if other else said
