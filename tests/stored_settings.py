"""Settings as the first two versions stored them, key by key in their order."""

from typing import Any

_PROMPTS = {
    "preamble": 2,
    "intent_tree": 2,
    "category_reasons": 2,
    "category_label": 2,
    "insight": 2,
    "similarity": 2,
    "next_path": 2,
    "wrong_path": 2,
    "revise": 2,
}
# synthesize --model rules
PLAIN: dict[str, Any] = {
    "model": "rules",
    "address": "",
    "parameters": {},
    "seed": 0,
    "prompts": _PROMPTS,
    "tau_high": 0.8,
    "tau_low": 0.3,
    "model_name": "rules-1",
    "base_url": None,
    "split": "train",
}
# synthesize --model openrouter/z-ai/glm-4.6 --split all --seed 3 --without mining --without category --fresh
ABLATION: dict[str, Any] = {
    "model": "openrouter/z-ai/glm-4.6",
    "address": "https://openrouter.ai/api/v1",
    "parameters": {
        "provider": {
            "order": ["deepinfra/fp4"],
            "allow_fallbacks": False,
            "require_parameters": True,
            "data_collection": "deny",
            "zdr": True,
        }
    },
    "seed": 3,
    "prompts": _PROMPTS,
    "without": ["category", "mining"],
    "tau_high": 0.8,
    "tau_low": 0.3,
    "upstream": "deepinfra/fp4",
    "generation": 1,
    "model_name": "z-ai/glm-4.6",
    "base_url": None,
    "split": "all",
}
# predict --model Qwen/Qwen3-8B --base-url http://127.0.0.1:8000/v1/
METHOD: dict[str, Any] = {
    "kind": "prompted",
    "model": "Qwen/Qwen3-8B",
    "model_name": "Qwen/Qwen3-8B",
    "base_url": "http://127.0.0.1:8000/v1/",
    "without_tree": False,
}
# predict --model openrouter/z-ai/glm-4.6 --upstream novita --without-tree
METHOD_BEHIND: dict[str, Any] = {
    "kind": "prompted",
    "model": "openrouter/z-ai/glm-4.6",
    "model_name": "z-ai/glm-4.6",
    "base_url": None,
    "without_tree": True,
    "upstream": "novita",
}
# judge --model rules --mode pointwise --tie-margin 0.2
JUDGE: dict[str, Any] = {
    "model": "rules",
    "base_url": None,
    "model_name": "rules-1",
    "mode": "pointwise",
    "tie_margin": 0.2,
    "prompt_version": 2,
    "evidence": "context",
}
# import /srv/talks.jsonl --limit 2 --split 100/0/0 --title Talks
IMPORT: dict[str, Any] = {
    "path": "/srv/talks.jsonl",
    "public_title": "Talks",
    "format": None,
    "licence": "",
    "import": {
        "turn": "random",
        "shares": {"train": 100, "valid": 0, "test": 0},
        "seed": 0,
        "limit": 2,
        "sample": None,
        "min_turns": 0,
        "language": None,
        "personal_data": "keep",
    },
}
