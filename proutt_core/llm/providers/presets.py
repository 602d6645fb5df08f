"""Providers: their base URL, the variable their key is in, what shape of reply they understand, and the paper's models.

Presets are starting points: a server that refuses a rung of the ladder is asked on the next one anyway. What a provider
is known not to understand, or to accept and ignore, is left out, to save the refused call or the ignored schema.
`models check` tells what is so today. Looked up in November 2026; what could not be verified is said in the note.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from proutt_core.errors import SettingsError
from proutt_core.llm.address import is_local
from proutt_core.llm.openai.ways import LADDER, Rung, ServerTakes
from proutt_core.types import Value

_NO_SCHEMA: tuple[Rung, ...] = ("json_object", "text")
_TEMPLATE = ServerTakes(no_thoughts={"chat_template_kwargs": {"enable_thinking": False}})
_AT_TOP = ServerTakes(no_thoughts={"enable_thinking": False})
_STRICT = ServerTakes(dialect="patterns", bound="max_completion_tokens")


class Preset(Value):
    name: str
    title: str
    base_url: str
    key_env: str
    key_required: bool = True  # local servers take a key only when they were started with one
    ladder: tuple[Rung, ...] = LADDER
    takes: ServerTakes = ServerTakes()
    models: tuple[str, ...] = ()  # the paper's, under this provider's names; empty: whatever the server holds
    parameters: Mapping[str, Any] = {}  # sent along with every call
    note: str = ""

    @property
    def local(self) -> bool:
        """Whether texts stay on this machine."""
        return is_local(self.base_url)


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="openai",
            title="OpenAI",
            base_url="https://api.openai.com/v1",
            key_env="OPENAI_API_KEY",
            takes=_STRICT,
        ),
        Preset(
            name="openrouter",
            title="OpenRouter",
            base_url="https://openrouter.ai/api/v1",
            key_env="OPENROUTER_API_KEY",
            models=(
                "z-ai/glm-4.6",
                "z-ai/glm-4.5-air",
                "deepseek/deepseek-v3.2-exp",
                "qwen/qwen3-max",
                "qwen/qwen-plus",
            ),
            note="The provider behind it is pinned and must keep nothing. One is known for z-ai/glm-4.6 only; name it "
            "for the others. None that keeps nothing was found for the qwen models: DashScope has them.",
        ),
        Preset(
            name="vllm",
            title="vLLM",
            base_url="http://127.0.0.1:8000/v1",
            key_env="VLLM_API_KEY",
            key_required=False,
            takes=_TEMPLATE,
        ),
        Preset(
            name="sglang",
            title="SGLang",
            base_url="http://127.0.0.1:30000/v1",
            key_env="SGLANG_API_KEY",
            key_required=False,
            takes=_TEMPLATE,
        ),
        Preset(
            name="ollama",
            title="Ollama",
            base_url="http://127.0.0.1:11434/v1",
            key_env="OLLAMA_API_KEY",
            key_required=False,
            takes=ServerTakes(no_thoughts={"reasoning_effort": "none"}),
        ),
        Preset(
            name="llamacpp",
            title="llama.cpp",
            base_url="http://127.0.0.1:8080/v1",
            key_env="LLAMA_API_KEY",
            key_required=False,
            takes=_TEMPLATE,
        ),
        Preset(
            name="zhipu",
            title="Zhipu",
            base_url="https://open.bigmodel.cn/api/paas/v4",
            key_env="ZHIPUAI_API_KEY",
            ladder=_NO_SCHEMA,
            models=("glm-4.6", "glm-4.5-air"),
            note="Both models decide by themselves whether to think before they answer; thinking is paid for.",
        ),
        Preset(
            name="deepseek",
            title="DeepSeek",
            base_url="https://api.deepseek.com",
            key_env="DEEPSEEK_API_KEY",
            ladder=_NO_SCHEMA,
            models=("deepseek-v4-flash", "deepseek-v4-pro"),
            # On unless switched off; deepseek-chat, which the paper's time had for V3.2-Exp, did not think.
            parameters={"thinking": {"type": "disabled"}},
            note="Not the paper's model: deepseek-chat was retired on 24 July 2026, and V3.2-Exp is served elsewhere, "
            "such as at OpenRouter.",
        ),
        Preset(
            name="dashscope",
            title="DashScope",
            base_url="https://dashscope.aliyuncs.com/compatible-mode/v1",
            key_env="DASHSCOPE_API_KEY",
            takes=_AT_TOP,
            models=("qwen3-max", "qwen-plus"),
            note="For keys of the Beijing region; others have another address.",
        ),
        Preset(
            name="ark",
            title="Volcengine Ark",
            base_url="https://ark.cn-beijing.volces.com/api/v3",
            key_env="ARK_API_KEY",
            models=("doubao-1-5-pro-32k-250115", "doubao-seed-1-6-250615"),
            note="A reseller stopped both in February 2026; whether Ark still serves them could not be verified, nor "
            "which shapes of reply they take.",
        ),
    )
}


# Of a server at an address of one's own: what every stock server takes, unless the host is one of these, or below it.
_TAKES_AT: Mapping[str, ServerTakes] = {
    "api.openai.com": _STRICT,
    "openai.azure.com": _STRICT,
    "aliyuncs.com": _AT_TOP,
    "siliconflow.cn": _AT_TOP,
    "siliconflow.com": _AT_TOP,
}


def takes_at(address: str) -> ServerTakes:
    """What the server of no preset takes."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    for known, takes in _TAKES_AT.items():
        if host == known or host.endswith(f".{known}"):
            return takes
    return _TEMPLATE


def preset_named(name: str) -> Preset:
    """The preset of that name, in any case. Raises SettingsError that lists them."""
    try:
        return PRESETS[name.casefold()]
    except KeyError:
        raise SettingsError(f"no preset is called {name!r}; there are: {', '.join(PRESETS)}") from None
