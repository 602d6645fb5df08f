"""Which column holds what: chosen by a person, or guessed by the names and by what stands in the columns."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from proutt_core.label_files.answers import verdict_of
from proutt_core.row_files.rows import Rows, folded, refusal, text_of
from proutt_core.types import Verdict

# Folded, likeliest first.
ITEM_NAMES = (
    *("item", "itemid", "case", "caseid", "sample", "sampleid", "example", "exampleid", "instanceid", "questionid"),
    *("externalid", "pairid", "dialogueid", "conversationid", "taskid", "uid", "id", "key", "task", "qid"),
    *("recordid", "pair", "question", "prompt", "编号", "序号", "项目", "样本", "题号", "taskhash", "inputhash"),
)
RATER_NAMES = (
    *("rater", "raterid", "ratername", "annotator", "annotatorid", "annotatorname", "annotatoremail", "coder"),
    *("coderid", "labeler", "labeller", "labelerid", "reviewer", "reviewerid", "assessor", "evaluator", "judge"),
    *("judgeid", "judgename", "worker", "workerid", "participant", "participantid", "user", "userid", "username"),
    *("completedby", "createdby", "annotationagent", "sessionid", "person", "email", "name"),
    *("标注者", "标注员", "评审", "评审员"),
)
VERDICT_NAMES = (
    *("verdict", "label", "choice", "preference", "preferred", "winner", "vote", "judgement", "judgment", "decision"),
    *("answer", "annotation", "rating", "response", "result"),
    *("判断", "标签", "偏好", "结果"),
)
KIND_NAMES = ("kind", "raterkind", "ratertype", "annotatortype")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelColumns:
    """None: to be guessed. In the wide form, `raters` are columns of one rater each, and there is no `rater` and no
    `verdict`. `kind` may be "", for none; `judges` names raters who are LLM judges. In an export of a tool that holds
    answers inside its rows, `verdict` is the question. `meanings`: what words mean that say no verdict by themselves,
    such as a number, or a side that was always the same method's."""

    item: str | None = None
    rater: str | None = None
    verdict: str | None = None
    kind: str | None = None
    raters: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    meanings: tuple[tuple[str, Verdict], ...] = ()


def meanings_of(pairs: Iterable[str]) -> tuple[tuple[str, Verdict], ...]:
    """Of "1=a", "2=b", "0=tie". InputError for what is not of that form."""
    meanings: list[tuple[str, Verdict]] = []
    for pair in pairs:
        word, _, said = pair.rpartition("=")
        verdict = verdict_of(said)
        if not word.strip() or verdict is None:
            raise refusal(f"--value is WORD=a, WORD=tie or WORD=b; got {pair!r}")
        meanings.append((word.strip(), verdict))
    return tuple(meanings)


def named_in(names: Iterable[str], columns: Sequence[str]) -> str | None:
    """The column that bears the first of these folded names."""
    by_name = {folded(column): column for column in reversed(columns)}
    return next((by_name[name] for name in names if name in by_name), None)


def guessed(rows: Rows) -> LabelColumns:
    """What the columns of a table are likely to be; None where nothing speaks for any."""
    verdicts = [column for column in rows.columns if _holds_verdicts(rows, column) and verdict_of(column) is None]
    verdict = named_in(VERDICT_NAMES[:1], rows.columns) or named_in(VERDICT_NAMES, verdicts)
    others = [column for column in rows.columns if column not in verdicts]
    # Raters and items may be called A and B: beside a column that bears a verdict's name, names are believed.
    likely = [column for column in verdicts if verdict is not None and column != verdict]
    rater = named_in(RATER_NAMES, others) or named_in(RATER_NAMES, likely)
    item = named_in(ITEM_NAMES, others) or named_in(ITEM_NAMES, likely)
    if rater is None and verdicts and (len(verdicts) > 1 or verdict is None):
        return LabelColumns(item=item or _distinct(rows, others), kind="", raters=tuple(verdicts))
    if verdict is None:
        verdict = verdicts[0] if len(verdicts) == 1 else named_in(VERDICT_NAMES, rows.columns)
    return LabelColumns(item=item, rater=rater, verdict=verdict, kind=named_in(KIND_NAMES, others) or "")


def _holds_verdicts(rows: Rows, column: str) -> bool:
    """Whether most of what stands in the column are verdicts: one that is misspelt must be told, and not take
    its rater away."""
    values = [text for row in rows.rows if (text := text_of(row.values.get(column)))]
    return bool(values) and 2 * sum(verdict_of(value) is not None for value in values) > len(values)


def _distinct(rows: Rows, columns: Sequence[str]) -> str | None:
    """The first column that says something else in each row."""
    for column in columns:
        values = [text_of(row.values.get(column)) for row in rows.rows]
        if all(values) and len(set(values)) == len(values):
            return column
    return None


def completed(rows: Rows, chosen: LabelColumns, *, name: str) -> LabelColumns:
    """What was chosen, the rest as guessed. InputError where a column is missing or stands there twice."""
    guess = guessed(rows)
    wide = bool(chosen.raters) or (bool(guess.raters) and chosen.rater is None and chosen.verdict is None)
    if wide:
        if chosen.rater or chosen.verdict:
            raise refusal("either each rater has a column, or one column names the rater: choose one of the two")
        raters = tuple(_column(rows, column, name=name) for column in chosen.raters or guess.raters)
        item = _required(rows, chosen.item or guess.item or _distinct(rows, rows.columns), "item", name=name)
        return replace(chosen, item=item, raters=tuple(column for column in raters if column != item), kind="")
    kind = guess.kind if chosen.kind is None else chosen.kind
    return replace(
        chosen,
        item=_required(rows, chosen.item or guess.item, "item", name=name),
        rater=_required(rows, chosen.rater or guess.rater, "rater", name=name),
        verdict=_required(rows, chosen.verdict or guess.verdict, "verdict", name=name),
        kind=_column(rows, kind, name=name) if kind else "",
    )


def _required(rows: Rows, column: str | None, what: str, *, name: str) -> str:
    if column is not None:
        return _column(rows, column, name=name)
    raise refusal(
        f"{name}: no column is known to hold the {what}; found {in_words(rows.columns)}. Name the columns item, rater"
        f" and verdict, or say which one it is (--{what})"
    )


def _column(rows: Rows, column: str, *, name: str) -> str:
    """As the file writes it."""
    matching = [known for known in rows.columns if known == column] or [
        known for known in rows.columns if folded(known) == folded(column)
    ]
    if len(matching) != 1:
        raise refusal(f"{name}: the column {column!r} appears {len(matching)} times; found {in_words(rows.columns)}")
    return matching[0]


def in_words(names: Collection[str]) -> str:
    shown = [name if len(name) <= 40 else f"{name[:40]}…" for name in names if name][:20]
    return ", ".join(shown) + (f" and {len(names) - 20} more" if len(names) > 20 else "") or "nothing"
