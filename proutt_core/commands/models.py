"""`models`: the providers that are known, and what is missing to use them. `models check`: does one work?"""

import asyncio
from typing import Annotated, Any

import typer

from proutt_core.commands._output import Json, command_output, note
from proutt_core.commands._work import BaseUrl, Parameter, Upstream
from proutt_core.llm.providers.check import RungCheck, check_model, step_for_runs
from proutt_core.llm.providers.keys import is_set
from proutt_core.llm.providers.model_ref import ModelRef
from proutt_core.llm.providers.openrouter import UPSTREAMS
from proutt_core.llm.providers.presets import PRESETS, Preset

app = typer.Typer(add_completion=False, help="Language models: what is known, and whether one works.")


@app.callback(invoke_without_command=True)
def list_presets(ctx: typer.Context, as_json: Json = False) -> None:
    """List the presets: address, key's variable and whether it is set, ladder, the paper's models."""
    if ctx.invoked_subcommand is not None:
        return
    with command_output(as_json) as output:
        rows = [_row(preset) for preset in PRESETS.values()]
        output.result({"presets": rows}, text="\n".join(_words(row) for row in rows))


def _row(preset: Preset) -> dict[str, Any]:
    return {
        "name": preset.name,
        "title": preset.title,
        "address": preset.base_url,
        "local": preset.local,
        "variable": preset.key_env,
        "variable_set": is_set(preset.key_env),
        "key_required": preset.key_required,
        "ladder": list(preset.ladder),
        "models": list(preset.models),
        "upstreams": {model: UPSTREAMS[model] for model in preset.models if model in UPSTREAMS},
        "parameters": dict(preset.parameters),
        "note": preset.note,
    }


def _words(row: dict[str, Any]) -> str:
    missing = "not set" if row["key_required"] else "not set, and needed only if the server wants a key"
    models = [
        f"{row['name']}/{model}" + (f" (upstream {row['upstreams'][model]})" if model in row["upstreams"] else "")
        for model in row["models"]
    ]
    lines = [
        f"{row['name']}: {row['address']} ({'this machine' if row['local'] else 'another machine'})",
        f"  key: {row['variable']} ({'set' if row['variable_set'] else missing})",
        f"  asks for: {', then '.join(row['ladder'])}",
        f"  models: {', '.join(models) or 'whatever the server holds'}",
    ]
    return "\n".join(lines + ([f"  note: {row['note']}"] if row["note"] else []))


@app.command()
def check(
    model: Annotated[str, typer.Argument(help="PRESET/MODEL, or MODEL with --base-url.")],
    base_url: BaseUrl = None,
    upstream: Upstream = None,
    parameter: Parameter = None,
    as_json: Json = False,
) -> None:
    """Ask a model as a run would, on each step of the ladder, with a text of our own. Fails where no step works."""
    with command_output(as_json) as output:
        ref = ModelRef.from_options(model, base_url=base_url, upstream=upstream, parameters=parameter)
        checks = asyncio.run(_check(ref))
        step = step_for_runs(checks, ref.ladder)
        result = {
            "model": model,
            "destination": ref.destination,
            "works": any(found.works for found in checks),
            "runs_ask_for": step,
            "steps": [found.model_dump(mode="json") | {"works": found.works} for found in checks],
        }
        lines = [_step(found) for found in checks]
        lines.append(f"runs will ask for {step}" if step else "a run with this model would fail at present")
        output.result(result, text="\n".join(lines))
    if not result["works"]:
        raise typer.Exit(code=1)


async def _check(ref: ModelRef) -> tuple[RungCheck, ...]:
    ref.require_usable()
    note(ref.destination)  # before anything goes there
    return await check_model(ref.open_at)


def _step(result: RungCheck) -> str:
    line = f"{result.rung}: {result.outcome}"
    if result.seconds is not None:
        usage = result.usage
        tokens = "tokens not reported"
        if usage.prompt_tokens is not None or usage.completion_tokens is not None:
            cached = "cached not reported" if usage.cached_tokens is None else f"{usage.cached_tokens} cached"
            tokens = f"{usage.prompt_tokens} tokens read ({cached}), {usage.completion_tokens} written"
        thought = ", thought first" if result.thought else ""
        line += f" in {result.seconds:.1f} s, {tokens}, answered by {result.answered_by}{thought}"
    return f"{line}: {result.detail}" if result.detail else line
