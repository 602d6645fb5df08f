"""One conversation in the shapes that people hold, siblings of the examples beside the readers.

Each entry: a name, the format it should be taken for, and the rows of a file.
"""

import json
from typing import Any

TEXTS = (
    "Which tram goes to the harbour?",
    "Line 7, every ten minutes.",
    "And the last one at night?",
    "At 00:40 from the square.",
)
Q1, A1, Q2, A2 = TEXTS
Shape = tuple[str, str, list[Any]]


def said(user: str = "user", assistant: str = "assistant", role: str = "role", text: str = "content") -> list[Any]:
    return [{role: (user, assistant)[n % 2], text: said_text} for n, said_text in enumerate(TEXTS)]


def parts(make: Any, user: str = "user", assistant: str = "assistant", key: str = "content") -> list[Any]:
    return [{"role": (user, assistant)[n % 2], key: make(text)} for n, text in enumerate(TEXTS)]


def rows(**more: Any) -> list[Any]:
    return [{"conversation_id": "c", **message, **more} for message in said()]


def marked(user: str, assistant: str, end: str = "", begin: str = "") -> str:
    return begin + "".join(f"{(user, assistant)[n % 2]}{text}{end}" for n, text in enumerate(TEXTS))


def langchain(kind: str, text: str) -> dict[str, Any]:
    return {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "messages", f"{kind}Message"],
        "kwargs": {"content": text, "type": kind.lower()},
    }


LANGCHAIN = [langchain(("Human", "AI")[n % 2], text) for n, text in enumerate(TEXTS)]
CHOICES = {"choices": [{"index": 0, "message": {"role": "assistant", "content": A2}, "finish_reason": "stop"}]}
SYSTEM_LAST = [{**m, "role": {"user": "USER", "assistant": "SYSTEM"}[m["role"]]} for m in said()]

ROLE_NAMES = [
    *(
        ("human", "ai"),
        ("Human", "AI"),
        ("HUMAN", "GPT"),
        ("User", "Bot"),
        ("user", "model"),
        ("prompter", "assistant"),
    ),
    *(
        (" user ", "assistant\n"),
        ("End-User", "Virtual Assistant"),
        ("usr", "sys"),
        ("USER", "SYSTEM"),
        ("me", "ChatGPT"),
    ),
    *(("HumanMessage", "AIMessage"), ("ROLE_USER", "ROLE_ASSISTANT"), ("customer", "agent"), ("用户", "助手")),
]
PARTS: list[tuple[str, Any]] = [
    ("openai", lambda t: [{"type": "text", "text": t}]),
    ("responses", lambda t: [{"type": "input_text", "text": t}]),
    ("output-text", lambda t: [{"type": "output_text", "text": t, "annotations": []}]),
    ("llamafactory-v1", lambda t: [{"type": "text", "value": t}]),
    ("assistants-api", lambda t: [{"type": "text", "text": {"value": t, "annotations": []}}]),
    ("gemini-like", lambda t: [{"text": t}]),
    ("strings", lambda t: [t]),
    ("one-object", lambda t: {"text": t}),
    ("chatgpt", lambda t: {"content_type": "text", "parts": [t]}),
    ("parquet-nulls", lambda t: [{"type": "text", "text": t, "image_url": None, "tool_use": None}]),
    ("json-text", lambda t: json.dumps([{"type": "text", "text": t}])),
]


def list_shapes() -> list[Shape]:
    return [
        *(
            (f"roles-{u}-{a}", "crosswoz" if u == "usr" else "openai", [{"messages": said(u, a)}])
            for u, a in ROLE_NAMES
        ),
        *((f"sharegpt-{u}-{a}", "sharegpt", [{"conversations": said(u, a, "from", "value")}]) for u, a in ROLE_NAMES),
        *((f"parts-{name}", "openai", [{"messages": parts(make)}]) for name, make in PARTS),
        ("capital-keys", "openai", [{"Messages": said("User", "Assistant", "Role", "Content")}]),
        ("json-text", "openai", [{"id": "a", "messages": json.dumps(said())}]),
        ("python-text", "openai", [{"id": "a", "messages": repr(said())}]),
        ("numpy-text", "openai", [{"id": "a", "messages": "[" + "\n ".join(repr(m) for m in said()) + "]"}]),
        ("numpy-texts", "texts", [{"dialog": "[" + "\n ".join(repr(t) for t in TEXTS) + "]"}]),
        ("sharegpt-items", "sharegpt", [{"id": "x", "items": said("human", "gpt", "from", "value")}]),
        ("chat-key", "turns", [{"chat": said()}]),
        (
            "taskmaster",
            "turns",
            [{"utterances": [{"index": n, **m} for n, m in enumerate(said("USER", "ASSISTANT", "speaker", "text"))]}],
        ),
        ("actor-type", "turns", [{"utterances": said("User", "Agent", "actor_type", "utterance")}]),
        ("dialogue-roles", "turns", [{"dialogue": [["user", Q1], ["agent", A1], ["user", Q2], ["agent", A2]]}]),
        ("langchain", "openai", [{"messages": LANGCHAIN}]),
        (
            "langchain-dicts",
            "openai",
            [{"messages": [{"type": ("human", "ai")[n % 2], "data": {"content": t}} for n, t in enumerate(TEXTS)]}],
        ),
        ("double-json", "openai", [json.dumps({"messages": said()})]),
    ]


def pair_shapes() -> list[Shape]:
    def pairs(question: str, answer: str) -> list[Any]:
        return [{question: Q1, answer: A1}, {question: Q2, answer: A2}]

    return [
        ("human-assistant", "pairs", [{"conversation": pairs("human", "assistant")}]),
        ("xtuner", "pairs", [{"conversation": pairs("input", "output")}]),
        ("query-response", "pairs", [{"conversations": pairs("query", "response")}]),
        ("risawoz", "pairs", [{"dialogue": pairs("user_utterance", "system_utterance")}]),
        ("user-bot", "pairs", [{"turns": pairs("user", "bot")}]),
        ("question-answer", "pairs", [{"turns": pairs("question", "answer")}]),
        ("couples", "pairs", [{"conversation": [[Q1, A1], [Q2, A2]]}]),
        ("swift", "alpaca", [{"query": Q2, "response": A2, "history": [[Q1, A1]]}]),
        ("history-text", "alpaca", [{"query": Q2, "response": A2, "history": json.dumps([[Q1, A1]])}]),
        ("history-messages", "alpaca", [{"prompt": Q2, "response": A2, "history": said()[:2]}]),
        ("history-objects", "alpaca", [{"prompt": Q2, "completion": A2, "history": [{"human": Q1, "assistant": A1}]}]),
        (
            "prompt-marked",
            "alpaca",
            [{"prompt": f"Human: {Q1}\nAssistant: {A1}\nHuman: {Q2}\nAssistant:", "completion": A2}],
        ),
        ("prompt-messages", "alpaca", [{"prompt": said()[:3], "completion": said()[3:]}]),
        ("dpo-whole", "preference", [{"prompt": Q1, "chosen": said(), "rejected": said()[:1]}]),
        ("dpo-text", "preference", [{"prompt": said()[:3], "chosen": A2, "rejected": "No."}]),
        ("dpo-one-message", "preference", [{"prompt": said()[:3], "chosen": said()[3], "rejected": said()[3]}]),
        (
            "full-hh",
            "hh",
            [{"prompt": f"\n\nHuman: {Q1}\n\nAssistant: {A1}\n\nHuman: {Q2}\n\nAssistant:", "chosen": " " + A2}],
        ),
        ("kdconv", "texts", [{"messages": [{"message": t} for t in TEXTS]}]),
        ("conversation-of-texts", "texts", [{"conversation": list(TEXTS)}]),
        ("utterances-of-texts", "texts", [{"utterances": list(TEXTS), "acts": [1, 2, 1, 2]}]),
    ]


def text_shapes() -> list[Shape]:
    texts = {
        "hh": marked("\n\nHuman: ", "\n\nAssistant: "),
        "user-lines": marked("User: ", "Assistant: ", "\n"),
        "customer-lines": marked("Customer: ", "Agent: ", "\n"),
        "guanaco": marked("### Human: ", "### Assistant: ", " "),
        "instruction": marked("### Instruction:\n", "### Response:\n", "\n\n"),
        "chatml": marked("<|im_start|>user\n", "<|im_start|>assistant\n", "<|im_end|>\n"),
        "llama3": marked(
            "<|start_header_id|>user<|end_header_id|>\n\n",
            "<|start_header_id|>assistant<|end_header_id|>\n\n",
            "<|eot_id|>",
            "<|begin_of_text|>",
        ),
        "gemma": marked("<start_of_turn>user\n", "<start_of_turn>model\n", "<end_of_turn>\n", "<bos>"),
        "zephyr": marked("<|user|>\n", "<|assistant|>\n", "</s>\n"),
    }
    return [(f"text-{name}", "transcript", [{"text": text}]) for name, text in texts.items()]


def request_shapes() -> list[Shape]:
    asked = said()[:3]
    body = {"model": "m", "messages": asked}
    answer = said()[3]
    blocks = {"role": "assistant", "content": [{"type": "text", "text": A2}]}
    responses = [
        {"type": "reasoning", "summary": []},
        {"type": "message", **parts(lambda t: [{"type": "output_text", "text": t}])[3]},
    ]
    chatml = marked("<|im_start|>user\n", "<|im_start|>assistant\n", "<|im_end|>\n").removesuffix(f"{A2}<|im_end|>\n")
    return [
        (
            "batch-input",
            "requests",
            [{"custom_id": "r", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": said()}}],
        ),
        ("request-response", "requests", [{"request": body, "response": CHOICES}]),
        ("bodies", "requests", [{"request": {"body": body}, "response": {"status": 200, "body": CHOICES}}]),
        ("body-texts", "requests", [{"request_body": json.dumps(body), "response_body": json.dumps(CHOICES)}]),
        ("request-answer-text", "requests", [{"request": body, "response": A2}]),
        ("body-and-choices", "openai", [{**body, **CHOICES}]),
        (
            "litellm",
            "openai",
            [{"request_id": "r", "call_type": "acompletion", "messages": asked, "response": CHOICES}],
        ),
        (
            "litellm-text",
            "openai",
            [{"request_id": "r", "messages": json.dumps(asked), "response": json.dumps(CHOICES)}],
        ),
        ("openai-completion", "openai", [{"messages": asked, "completion": A2}]),
        ("anthropic", "requests", [{"request": body, "response": {"type": "message", **blocks}}]),
        ("ollama", "requests", [{"request": body, "response": {"message": answer, "done": True}}]),
        (
            "gemini",
            "requests",
            [
                {
                    "request": {"contents": parts(lambda t: [{"text": t}], "user", "model", "parts")[:3]},
                    "response": {"candidates": [{"content": {"role": "model", "parts": [{"text": A2}]}}]},
                }
            ],
        ),
        ("responses-api", "requests", [{"input": asked, "output": responses}]),
        (
            "langsmith",
            "requests",
            [
                {
                    "id": "r",
                    "run_type": "llm",
                    "session_id": "project",
                    "inputs": {"messages": [LANGCHAIN[:3]]},
                    "outputs": {"generations": [[{"text": A2, "message": LANGCHAIN[3]}]]},
                }
            ],
        ),
        ("langsmith-plain", "requests", [{"run_type": "llm", "inputs": {"messages": asked}, "outputs": CHOICES}]),
        (
            "langgraph",
            "requests",
            [{"run_type": "chain", "inputs": {"messages": asked}, "outputs": {"messages": said()}}],
        ),
        (
            "langchain-chain",
            "requests",
            [{"inputs": {"input": Q2, "chat_history": LANGCHAIN[:2]}, "outputs": {"output": A2}}],
        ),
        ("langfuse", "requests", [{"id": "t", "input": asked, "output": answer, "sessionId": "s"}]),
        (
            "langfuse-texts",
            "requests",
            [{"id": "t", "input": json.dumps({"messages": asked}), "output": json.dumps(answer)}],
        ),
        (
            "vllm",
            "requests",
            [{"request_id": "r", "prompt": chatml, "outputs": [{"index": 0, "text": A2}], "finished": True}],
        ),
        (
            "vllm-batch",
            "requests",
            [{"custom_id": "r", "body": body, "response": {"status_code": 200, "body": CHOICES}}],
        ),
        (
            "bedrock",
            "requests",
            [{"input": {"inputBodyJson": body}, "output": {"outputBodyJson": {"output": {"message": blocks}}}}],
        ),
        (
            "preference-tuning",
            "requests",
            [{"input": body, "preferred_output": [answer], "non_preferred_output": [answer]}],
        ),
        (
            "several-choices",
            "openai",
            [
                {
                    **body,
                    "choices": [*CHOICES["choices"], {"index": 1, "message": {"role": "assistant", "content": "B"}}],
                }
            ],
        ),
    ]


def app_shapes() -> list[Shape]:
    def libre(n: int, **more: Any) -> dict[str, Any]:
        return {"messageId": f"k{n}", "isCreatedByUser": n % 2 == 0, "sender": ("Anna", "Opus")[n % 2], **more}

    nested: list[Any] = []
    for n in reversed(range(4)):
        nested = [libre(n, text=TEXTS[n], children=nested)]
    claude = [{"uuid": f"m{n}", "sender": ("human", "assistant")[n % 2], "text": t} for n, t in enumerate(TEXTS)]
    chunks = [{"role": ("user", "model")[n % 2], "text": t} for n, t in enumerate(TEXTS)]
    return [
        ("librechat-recursive", "librechat", [{"conversationId": "c", "recursive": True, "messages": nested}]),
        (
            "librechat-parts",
            "librechat",
            [{"messages": [libre(n, text="", content=[{"type": "text", "text": t}]) for n, t in enumerate(TEXTS)]}],
        ),
        ("claude-text-only", "claude", [{"uuid": "u", "chat_messages": claude}]),
        ("openwebui-list", "openwebui", [{"id": "o", "chat": {"messages": said()}}]),
        (
            "openwebui-chat-alone",
            "openwebui",
            [
                {
                    "history": {
                        "currentId": "b",
                        "messages": {
                            "w": {"id": "w", "parentId": "a", "role": "assistant", "content": "Other."},
                            "a": {"id": "a", "parentId": None, **said()[0]},
                            "x": {"id": "x", "parentId": "a", **said()[1]},
                            "y": {"id": "y", "parentId": "x", **said()[2]},
                            "b": {"id": "b", "parentId": "y", **said()[3]},
                        },
                    }
                }
            ],
        ),
        (
            "ai-studio-parts",
            "ai-studio",
            [{"chunkedPrompt": {"chunks": [{**c, "parts": [{"text": c["text"]}]} for c in chunks]}}],
        ),
        (
            "gemini-first-role-missing",
            "gemini",
            [{"contents": [{"parts": [{"text": Q1}]}, *parts(lambda t: [{"text": t}], "user", "model", "parts")[1:]]}],
        ),
    ]


def row_shapes() -> list[Shape]:
    times = [f"2026-01-01T10:0{n}:00Z" for n in range(4)]
    plain = list(enumerate(TEXTS))
    return [
        (
            "rows-session",
            "message-rows",
            [{"session_id": "s", "sender": ("user", "bot")[n % 2], "message": t} for n, t in plain],
        ),
        (
            "rows-thread-number",
            "message-rows",
            [{"thread_id": 7, "speaker": ("USER", "SYSTEM")[n % 2], "utterance": t} for n, t in plain],
        ),
        ("rows-is-bot", "message-rows", [{"chat_id": 7, "is_bot": n % 2, "text": t} for n, t in plain]),
        (
            "rows-is-user-text",
            "message-rows",
            [{"chat_id": "7", "is_user": ("True", "False")[n % 2], "body": t} for n, t in plain],
        ),
        (
            "rows-direction",
            "message-rows",
            [{"user_id": 5, "direction": ("inbound", "outbound")[n % 2], "body": t} for n, t in plain],
        ),
        (
            "rows-author-object",
            "message-rows",
            [{"dialog_id": 5, "author": {"role": ("user", "assistant")[n % 2]}, "content": t} for n, t in plain],
        ),
        (
            "rows-csv-keys",
            "message-rows",
            [{"Conversation ID": "5", "Role": ("User", "Assistant")[n % 2], "Content": t} for n, t in plain],
        ),
        ("rows-by-turn", "message-rows", [{**r, "turn": n} for n, r in reversed(list(enumerate(rows())))]),
        (
            "rows-by-turn-text",
            "message-rows",
            [{**r, "turn": str(n + 8)} for n, r in reversed(list(enumerate(rows())))],
        ),
        ("rows-by-time", "message-rows", [{**r, "created_at": times[n]} for n, r in reversed(list(enumerate(rows())))]),
        (
            "rows-by-epoch",
            "message-rows",
            [{**r, "timestamp": 1.7e9 + n} for n, r in reversed(list(enumerate(rows())))],
        ),
        (
            "rows-by-parent",
            "message-rows",
            [
                {
                    "message_tree_id": "t",
                    "message_id": f"m{n}",
                    "parent_id": f"m{n - 1}" if n else None,
                    "role": ("prompter", "assistant")[n % 2],
                    "text": t,
                }
                for n, t in reversed(plain)
            ],
        ),
        (
            "rows-langchain",
            "message-rows",
            [
                {
                    "id": n,
                    "session_id": "s",
                    "message": json.dumps({"type": ("human", "ai")[n % 2], "data": {"content": t}}),
                }
                for n, t in plain
            ],
        ),
        (
            "rows-n8n",
            "message-rows",
            [{"id": n, "session_id": "s", "message": {"type": ("human", "ai")[n % 2], "content": t}} for n, t in plain],
        ),
        (
            "rows-parts-text",
            "message-rows",
            [{**r, "content": json.dumps([{"type": "text", "text": r["content"]}])} for r in rows()],
        ),
        ("rows-shared-id", "message-rows", [{"id": 4, **m} for m in said()]),
        ("rows-own-ids", "message-rows", [{"id": n, **m} for n, m in enumerate(said())]),
        ("rows-without-ids", "message-rows", said()),
        (
            "rows-question-answer",
            "message-rows",
            [
                {"session_id": "s", "user_input": Q1, "bot_response": A1},
                {"session_id": "s", "user_input": Q2, "bot_response": A2},
            ],
        ),
        ("rows-float-id", "message-rows", [{**r, "conversation_id": 3.0} for r in rows()]),
    ]


BARE: list[tuple[str, str, Any]] = [
    ("list-of-messages", "openai", said()),
    ("list-of-texts", "texts", list(TEXTS)),
    ("list-of-pairs", "pairs", [[Q1, A1], [Q2, A2]]),
    ("list-of-roles-and-texts", "turns", [["user", Q1], ["bot", A1], ["user", Q2], ["bot", A2]]),
]
SHAPES: list[Shape] = [
    *list_shapes(),
    *pair_shapes(),
    *text_shapes(),
    *request_shapes(),
    *app_shapes(),
    *row_shapes(),
]
