"""Fills a fresh database with work to do, for looking at the pages: python -m tests.pages.seed; prints login tokens.

Long, Chinese and hostile texts are among it, because they are what breaks a layout.
"""

import json
import sys

from sqlmodel import select

from db.accounts.sessions import sign_in
from db.accounts.users import create_user
from db.engine import write
from db.migrate import migrate
from db.tables import DialogueRow, PredictionRow, PreferencePair, SynthesisItem
from proutt_core.types import (
    Attribute,
    CategoryReasons,
    Insight,
    IntentTree,
    Path,
    Prediction,
    StageResults,
    Topic,
    Trace,
    ViewReasoning,
)
from tests.db import work

PASSWORD = "correct horse battery"
PEOPLE = {
    "ann": ("annotator",),
    "rev": ("reviewer",),
    "res": ("researcher",),
    "adm": ("admin",),
}
LONG = (
    "Late November is peak autumn colour. Arashiyama's bamboo grove in the early morning, Tofuku-ji for the maple"
    " valley, the Philosopher's Path, and an evening at Kiyomizu-dera, which is lit up at night until the end of the"
    " month. Book timed tickets for the evening opening.\n\n"
)
HOSTILE = "![x](http://remote.example/x.png) <b>bold</b> **md** :smile: $x$ abc\u202egnp.exe\u200b"
DIALOGUES = (
    (
        ("user", "I'm planning a weekend in Kyoto in late November. What should I not miss?"),
        ("assistant", LONG.strip()),
        ("user", "Which of those is best with a six-year-old?"),
        (
            "assistant",
            "Arashiyama: the monkey park is a 20-minute climb children enjoy, there is a riverside with boats to rent,"
            " and snacks on every corner. Tofuku-ji is crowded and has narrow bridges.",
        ),
        ("user", "How long does the climb to the monkey park take?"),
    ),
    (
        ("user", "你好，请推荐一家便宜的酒店，最好靠近地铁站。"),
        ("assistant", "您好，推荐您入住如家快捷酒店，评分4.5分，价格200元，步行五分钟到地铁站。"),
        ("user", "酒店有没有健身房？另外早餐是几点开始的？"),
        ("assistant", "该酒店没有健身房，早餐从七点开始供应。" * 12),
        ("user", "那附近有什么景点可以去吗？"),
    ),
    (
        ("user", HOSTILE),
        ("assistant", LONG * 8 + "```python\nfor i in range(10):\n    print(i)\n```\n" + HOSTILE),
        ("user", "ok"),
    ),
)


def tree(chinese: bool) -> IntentTree:
    if chinese:
        return _tree({"酒店": {"价格": "便宜", "位置": "靠近地铁站", "设施": "健身房"}, "早餐": {"时间": "几点开始"}})
    return _tree(
        {
            "Trip planning": {"Destination": "Kyoto", "Time": "late November, weekend", "Companion": "six-year-old"},
            "Sightseeing": {
                "Must-see": "autumn colour",
                "Child-friendly": "which of those is best with a small child who walks slowly",
                "Season": "maples",
            },
        }
    )


def _tree(topics: dict[str, dict[str, str]]) -> IntentTree:
    return IntentTree(
        topics=tuple(
            Topic(topic=topic, attributes=tuple(Attribute(attribute=a, value=v) for a, v in values.items()))
            for topic, values in topics.items()
        )
    )


def trace(chinese: bool, *, rejected: bool = False) -> Trace:
    source, node = ("酒店", "设施") if chinese else ("Sightseeing", "Child-friendly")
    if chinese:
        reason = (
            "用户一直在询问酒店的设施与早餐，因此下一步很可能会继续了解" + ("价格" if rejected else "周边景点") + "。"
        )
        texts = ("酒店有停车场吗？", "房间里有没有空调？") if rejected else ("附近有什么景点？", "去景点怎么走？")
        other = ("可以帮我订一张票吗？", "有推荐的餐厅吗？")
    else:
        end = "what to buy as a souvenir" if rejected else "how long the climb takes and whether it is safe"
        reason = (
            "The user narrowed the sights down to what a six-year-old enjoys. The assistant named the monkey park and"
            f" its climb, so the user will most likely ask about {end}, before turning to tickets."
        )
        texts = (
            ("What time should we get to Arashiyama?", "Which souvenirs do children like?")
            if rejected
            else (
                "How long does the climb to the monkey park take with a small child?",
                "Is the monkey park safe for kids?",
            )
        )
        other = ("Are there family-friendly ryokan near Arashiyama?", "What should we do in Nara on the second day?")
    mining = Path(view="mining", source=source, node=node, leaf="climb" if not chinese else "景点")
    wandering = Path(
        view="exploration",
        source=source,
        node="Lodging" if not chinese else "餐厅",
        leaf="ryokan" if not chinese else "菜系",
    )
    return Trace(
        tree=tree(chinese),
        category="Question",
        category_reasoning="Every turn so far was a question.",
        mining=_view("mining", reason, ("m1", "m2"), texts, mining),
        exploration=_view("exploration", "A new topic close to the trip.", ("e1", "e2"), other, wandering),
    )


def _view(name: str, reasoning: str, ids: tuple[str, str], texts: tuple[str, str], path: Path) -> ViewReasoning:
    first, second = (Prediction(id=i, text=t, path=path) for i, t in zip(ids, texts, strict=True))
    return ViewReasoning.model_validate({"view": name, "reasoning": reasoning, "predictions": (first, second)})


def results(chinese: bool) -> StageResults:
    chosen = trace(chinese)
    reasons = CategoryReasons(statement="No.", question="Every turn so far was a question.", instruction="Hardly.")
    results = work.stage_results().model_copy(
        update={
            "tree": chosen.tree,
            "category_reasons": reasons,
            "insight": Insight(mining=chosen.mining, exploration=chosen.exploration),
            "wrong_paths": {"exploration": (chosen.exploration.predictions[0].path,) * 2},
        }
    )
    path = Path(
        view="mining",
        source=chosen.tree.topics[-1].topic,
        node=chosen.tree.topics[-1].attributes[0].attribute,
        leaf="climb",
    )
    next_path = results.next_path
    assert next_path is not None
    return results.model_copy(update={"next_path": next_path.model_copy(update={"best": path})})


def rewrite() -> None:
    """Puts the texts above in place of the short ones that `work` writes."""
    with write() as session:
        for n, row in enumerate(session.exec(select(DialogueRow).order_by(DialogueRow.id))):  # type: ignore[arg-type]
            said = DIALOGUES[n % len(DIALOGUES)]
            row.messages = [{"role": role, "content": text} for role, text in said]
            session.add(row)
        from db.tables import SampleRow

        for n, sample in enumerate(session.exec(select(SampleRow).order_by(SampleRow.id))):  # type: ignore[arg-type]
            sample.target_index = len(DIALOGUES[n % len(DIALOGUES)]) - 1
            session.add(sample)
        for n, item in enumerate(session.exec(select(SynthesisItem).order_by(SynthesisItem.id))):  # type: ignore[arg-type]
            item.results = results(n % 3 == 1).model_dump(mode="json")
            session.add(item)
        for n, pair in enumerate(session.exec(select(PreferencePair).order_by(PreferencePair.id))):  # type: ignore[arg-type]
            pair.chosen = trace(n % 3 == 1).model_dump(mode="json")
            pair.rejected = trace(n % 3 == 1, rejected=True).model_dump(mode="json")
            if n % 2:
                detail = "the next utterance appears in the chosen reasoning"
                pair.gates_failed = [{"gate": "no_leak", "detail": detail}]
            session.add(pair)
        for prediction in session.exec(select(PredictionRow)):
            first = prediction.utterances[0].startswith("A")
            made = trace(prediction.sample_id % 3 == 2, rejected=not first)
            prediction.utterances = [p.text for p in made.predictions]
            session.add(prediction)


def main() -> None:
    migrate()
    ids = {name: create_user(name=name, password=PASSWORD, roles=roles).id for name, roles in PEOPLE.items()}
    train = work.samples(12)
    test = work.samples(9, split="test", name="held out")
    job_id = work.finished_run(train)
    work.open_queues(job_id, "First look at travel talk")
    work.study(test, members=[ids["ann"], ids["rev"]], people=2, marker="zebra")
    rewrite()
    tokens = {name: sign_in(name=name, password=PASSWORD, address="127.0.0.1") for name in PEOPLE}
    sys.stdout.write(json.dumps(tokens) + "\n")


if __name__ == "__main__":
    main()
