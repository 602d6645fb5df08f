"""Choosing a model in a form, and naming the address its texts go to before anything is sent."""

from dataclasses import dataclass

import streamlit as st

from pages._parts.jobs.model_check import check_button, draw_check
from pages._parts.text import _
from proutt_core.display.visible import visible
from proutt_core.errors import InputError, NotAllowed, SettingsError
from proutt_core.llm.providers.model_ref import OPENROUTER, OTHER, RULES, ModelRef, providers
from proutt_core.llm.providers.openrouter import UPSTREAMS
from proutt_core.llm.providers.presets import PRESETS


@dataclass(frozen=True)
class Chosen:
    """`confirmed`: the person said that texts may go to this very address, or they stay on this machine."""

    model: ModelRef
    confirmed: bool
    problem: str = ""  # why what was typed cannot be used, though there is a model

    @property
    def explicit(self) -> ModelRef | None:
        """As a run or method is frozen to it; None while the form is not filled in."""
        if self.problem:
            return None
        try:
            return self.model.explicit
        except (InputError, SettingsError):
            return None

    def require_confirmed(self) -> None:
        if self.problem:
            raise InputError(self.problem)
        if self.model.leaves and not self.confirmed:
            raise NotAllowed(_("Confirm first that the texts may be sent there."))


def choose_model_form(key: str) -> Chosen:
    provider = st.selectbox(_("Model"), providers(), format_func=_provider_name, key=f"{key}-provider")
    name, base_url, upstream = "", "", ""
    if provider not in (RULES, OTHER):
        name = _preset_model(key, provider)
    elif provider == OTHER:
        left, right = st.columns(2)
        name = left.text_input(
            _("Name of the model there"), placeholder="Qwen/Qwen3-8B", key=f"{key}-name", persist_state="page"
        )
        base_url = right.text_input(
            _("Base URL"),
            placeholder="http://127.0.0.1:8000/v1",
            key=f"{key}-url",
            persist_state="page",
            help=_(
                "The key in PROUTT_API_KEY is sent only to the address in PROUTT_API_KEY_FOR; both are set where the "
                "server and the worker start."
            ),
        )
    if provider == OPENROUTER:
        upstream = _upstream(key, name)
    parameters = "" if provider == RULES else _parameters(key)
    typed = {"provider": provider, "name": name or "", "base_url": base_url or "", "upstream": upstream}
    problem = ""
    try:
        model = ModelRef.from_form(**typed, parameters=parameters)
    except InputError as exc:
        model, problem = ModelRef.from_form(**typed), str(exc)
        st.text(visible(problem))
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = Chosen(model, _destination(model, key, tell=bool(base_url) or provider == OPENROUTER), problem)
        check = provider != RULES and check_button(key)
    if provider != RULES:
        draw_check(chosen.model, chosen.require_confirmed, key, now=check)
    return chosen


def _provider_name(provider: str) -> str:
    if provider == RULES:
        return _("rules: text rules, a baseline without a language model")
    return _("Another server, by its address") if provider == OTHER else PRESETS[provider].title


def _preset_model(key: str, provider: str) -> str:
    preset = PRESETS[provider]
    if not preset.models:
        model = st.text_input(_("Name of the model there"), key=f"{key}-name-{provider}")
    else:
        model = st.selectbox(
            _("Name of the model there"), preset.models, accept_new_options=True, key=f"{key}-name-{provider}"
        )
    st.caption(
        _("The key is read from the environment variable {variable}, or .env.").format(variable=f"`{preset.key_env}`")
    )
    if preset.note:
        st.caption(preset.note)
    return model or ""


def _parameters(key: str) -> str:
    parameters = st.text_area(
        _("Parameters sent along, one a line"),
        placeholder="temperature=0.7\nchat_template_kwargs.enable_thinking=false",
        height=68,
        key=f"{key}-parameters",
        persist_state="page",
        help=_(
            "Sent with every call, stored with the settings: NAME=VALUE, where dots nest and the value is JSON or a "
            "bare word. They stand over what the product sends by itself, such as max_tokens."
        ),
    )
    return parameters or ""


def _upstream(key: str, model: str) -> str:
    """The default follows the model; what somebody types is kept for that model."""
    upstream = st.text_input(
        _("Provider behind OpenRouter"),
        value=UPSTREAMS.get(model, ""),
        placeholder="deepinfra/fp4",
        key=f"{key}-upstream-{model}",
        help=_(
            "The only one that the texts are passed on to, as the model's page at OpenRouter writes it. It must keep "
            "nothing of them."
        ),
    )
    return upstream or ""


def _destination(model: ModelRef, key: str, *, tell: bool) -> bool:
    """Names the address; where texts leave this machine, asks whether they may. The answer holds for that address,
    and for that provider behind it. `tell` what is still missing in the form."""
    try:
        words, leaves = model.destination, model.leaves
    except (InputError, SettingsError) as exc:
        # Nothing is wrong yet: the form is being filled in.
        st.caption(_("Where texts would go is shown here."))
        if tell:
            st.text(visible(str(exc)))
        return False
    st.text(visible(words))
    place = " ".join(filter(None, (model.address, model.pinned)))
    return not leaves or st.checkbox(_("The dialogues may be sent there"), key=f"{key}-sure-{place}")
