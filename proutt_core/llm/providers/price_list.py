"""The prices that the product starts with: models at the presets, each as it was published on the day of its row.

They come into the price table with `init`, never over what people set there. Where a provider has several prices (by
the length of a prompt or a reply, by the hour), the row holds the dearer one that our calls can meet: a bill is then
rather too high than too low. A model of which no published price was found has no row: its cost is unknown until
somebody adds one.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from proutt_core.llm.providers.presets import PRESETS

_DEEPSEEK = "api-docs.deepseek.com/quick_start/pricing, as quoted on 2026-10-27; peak hours, half of it off-peak"
_ZHIPU = (
    "bigmodel.cn/pricing, as kept by lobehub/lobe-chat model-bank/zhipu.ts; prompts to 32K, replies over 200 tokens"
)
_ALIYUN = "help.aliyun.com/zh/model-studio, as of May 2026"
_CACHE = "20 % for what its implicit cache held"

# preset, model, since, currency, and a million tokens: of prompts, of prompts in the server's cache, of replies
_ROWS: tuple[tuple[str, str, date, str, float, float, float, str], ...] = (
    ("openrouter", "z-ai/glm-4.6", date(2026, 8, 25), "USD", 0.43, 0.43, 1.74,
     "DeepInfra's price (upstream deepinfra/fp4), as listed by getmaxim.ai; no price for cached tokens found"),
    ("zhipu", "glm-4.6", date(2025, 10, 1), "CNY", 3.0, 0.6, 14.0, _ZHIPU),
    ("zhipu", "glm-4.5-air", date(2025, 10, 1), "CNY", 0.8, 0.16, 6.0, _ZHIPU),
    ("deepseek", "deepseek-v4-flash", date(2026, 10, 27), "USD", 0.30, 0.006, 1.20, _DEEPSEEK),
    ("deepseek", "deepseek-v4-pro", date(2026, 10, 27), "USD", 1.32, 0.044, 3.96, _DEEPSEEK),
    ("dashscope", "qwen3-max", date(2026, 5, 1), "CNY", 2.5, 0.5, 10.0, f"{_ALIYUN}; prompts to 32K; {_CACHE}"),
    ("dashscope", "qwen-plus", date(2026, 5, 1), "CNY", 0.8, 0.16, 2.0,
     f"{_ALIYUN}; prompts to 128K, not thinking; {_CACHE}"),
    ("ark", "doubao-1-5-pro-32k-250115", date(2025, 9, 1), "CNY", 0.8, 0.8, 2.0,
     "Ark's console, as kept by lobehub/lobe-chat model-bank/volcengine.ts; no price for cached tokens found"),
    ("ark", "doubao-seed-1-6-250615", date(2026, 5, 23), "CNY", 0.8, 0.16, 8.0,
     "volcengine.com/docs/82379/1544106, as kept by aicost.tools; prompts to 32K, replies over 200 tokens"),
)  # fmt: skip

STARTING_PRICES: tuple[Mapping[str, Any], ...] = tuple(
    {
        "address": PRESETS[preset].base_url,
        "model": model,
        "since": since,
        "currency": currency,
        "prompt": prompt,
        "cached": cached,
        "completion": completion,
        "source": source,
    }
    for preset, model, since, currency, prompt, cached, completion, source in _ROWS
)
