"""The sentences of `rules`: templates by language, category and view.

Insight and revision are worded differently, so that a revision never repeats a prediction by accident.
"""

from dataclasses import dataclass

from proutt_core.llm.rules.phrases import Language
from proutt_core.types import Category, Path, View


@dataclass(frozen=True)
class Words:
    """What one language needs. `{source}`, `{node}`, `{leaf}` are a path's labels; `mention` and `request` are the
    values of an attribute that was only mentioned or that the user asked for; `aspects` and `related` are the formulaic
    follow-ups of task dialogues, the likeliest first."""

    topic: str
    attribute: str
    mention: str
    request: str
    details: str
    aspects: tuple[str, ...]
    related: tuple[str, ...]
    ask_aspect: dict[str, str]
    insight: dict[tuple[Category, View], tuple[str, str]]
    revised: dict[tuple[Category, View], str]
    reasoning: dict[View, str]
    revised_reasoning: dict[View, str]
    categories: dict[Category, str]


ENGLISH = Words(
    topic="conversation",
    attribute="subject",
    mention="mentioned",
    request="wanted",
    details="details",
    aspects=("price", "cost", "address", "opening hours", "rating", "phone number", "size", "quality"),
    related=(
        "alternatives",
        "parking",
        "restaurants nearby",
        "opening hours",
        "next steps",
        "examples",
        "common mistakes",
    ),
    ask_aspect={},
    insight={
        ("Question", "mining"): ("Can you tell me more about {source}?", "What about the {node}?"),
        ("Question", "exploration"): ("And is there anything on {node}?", "What about the {node}?"),
        ("Instruction", "mining"): ("Please tell me more about {source}.", "Give me the {node} of {source}."),
        ("Instruction", "exploration"): ("Tell me about {node} instead.", "Now show me {node} please."),
        ("Statement", "mining"): ("Great, thank you!", "I would like {source} then."),
        ("Statement", "exploration"): ("I am also interested in {node}.", "Then I will look at {node} first."),
    },
    revised={
        ("Question", "mining"): "How is the {node} of {source}?",
        ("Question", "exploration"): "Apart from {source}, what about {node} and its {leaf}?",
        ("Instruction", "mining"): "Check the {node} of {source}.",
        ("Instruction", "exploration"): "Apart from {source}, look up {node} and its {leaf}.",
        ("Statement", "mining"): "For {source}, the {node} matters to me.",
        ("Statement", "exploration"): "Apart from {source}, {node} with its {leaf} matters to me.",
    },
    reasoning={
        "mining": "“{source}” is the topic that came up last. Still open: “{node}” ({leaf}); and “{node2}” ({leaf2}).",
        "exploration": "From “{source}” it is a short step to “{node}” ({leaf}), or to “{node2}” ({leaf2}).",
    },
    revised_reasoning={
        "mining": "The topic “{source}” leads on to “{node}” ({leaf}); as likely: “{source2}”, “{node2}” ({leaf2}).",
        "exploration": "Beyond “{source}” lies “{node}” ({leaf}); beyond “{source2}” lies “{node2}” ({leaf2}).",
    },
    categories={
        "Statement": "The last reply closes a point, which people tend to confirm, to thank for, or to add a fact to.",
        "Question": "The last reply opens new points, and people tend to want one of them explained.",
        "Instruction": "The last reply offers something to act on, and people tend to have it done at once.",
    },
)

CHINESE = Words(
    topic="对话",
    attribute="内容",
    mention="提到",
    request="想了解",
    details="详情",
    aspects=("价格", "地址", "电话", "评分", "营业时间", "门票", "类型", "游玩时间"),
    related=("餐厅", "酒店", "景点", "交通路线", "注意事项", "优惠活动", "替代方案"),
    ask_aspect={
        "地址": "{source}的地址在哪里？",
        "营业时间": "{source}的营业时间是几点？",
        "类型": "{source}是什么类型？",
    },
    insight={
        ("Question", "mining"): ("能再详细介绍一下{source}吗？", "{source}的{node}是多少？"),
        ("Question", "exploration"): ("附近有什么{node}？", "那{node}呢？"),
        ("Instruction", "mining"): ("请再详细介绍一下{source}。", "请告诉我{source}的{node}。"),
        ("Instruction", "exploration"): ("推荐一下附近的{node}。", "再帮我推荐一个{node}吧。"),
        ("Statement", "mining"): ("好的，谢谢你了。", "好的，那就{source}吧。"),
        ("Statement", "exploration"): ("我还想了解一下{node}。", "那我先看看{node}。"),
    },
    revised={
        ("Question", "mining"): "说到{source}，它的{node}怎么样？",
        ("Question", "exploration"): "除了{source}，{node}的{leaf}怎么样？",
        ("Instruction", "mining"): "说到{source}，查查它的{node}。",
        ("Instruction", "exploration"): "除了{source}，查查{node}的{leaf}。",
        ("Statement", "mining"): "说到{source}，我在意的是{node}。",
        ("Statement", "exploration"): "除了{source}，我在意的是{node}的{leaf}。",
    },
    reasoning={
        "mining": "已有主题中，“{source}”最近被提到，尚未展开的有“{node}”（{leaf}），以及“{node2}”（{leaf2}）。",
        "exploration": "由“{source}”容易联想到“{node}”（{leaf}），或者“{node2}”（{leaf2}）。",
    },
    revised_reasoning={
        "mining": "主题“{source}”下值得继续的是“{node}”（{leaf}）；同样可能的是“{source2}”下的“{node2}”（{leaf2}）。",
        "exploration": "从“{source}”出发会转向“{node}”（{leaf}）；从“{source2}”出发会转向“{node2}”（{leaf2}）。",
    },
    categories={
        "Statement": "上一条回复把问题交代清楚了，人们往往会表示认可、致谢或补充情况。",
        "Question": "上一条回复带出了新的信息，人们往往会就其中一点追问。",
        "Instruction": "上一条回复给出了可以执行的选项，人们往往会直接要求照办。",
    },
)

WORDS: dict[Language, Words] = {"en": ENGLISH, "zh": CHINESE}


def labels(path: Path, suffix: str = "") -> dict[str, str]:
    return {f"source{suffix}": path.source, f"node{suffix}": path.node, f"leaf{suffix}": path.leaf}


def insight_texts(words: Words, category: Category, view: View, paths: tuple[Path, Path]) -> list[str]:
    templates = list(words.insight[category, view])
    if (category, view) == ("Question", "mining"):
        templates[1] = words.ask_aspect.get(paths[1].node, templates[1])
    return [template.format(**labels(path)) for template, path in zip(templates, paths, strict=True)]


def revised_texts(words: Words, category: Category, view: View, paths: tuple[Path, Path]) -> list[str]:
    return [words.revised[category, view].format(**labels(path)) for path in paths]


def reasoning_text(words: Words, view: View, paths: tuple[Path, Path], *, revised: bool) -> str:
    templates = words.revised_reasoning if revised else words.reasoning
    return templates[view].format(**labels(paths[0]), **labels(paths[1], "2"))
