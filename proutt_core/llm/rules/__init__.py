"""The model `rules`: answers every stage by documented text rules, offline and always in the same way.

It is a baseline and what runs when no server is configured. How: topics from frequent phrases (phrases.py),
category from form (form.py), paths from the tree and a list of usual follow-ups (paths.py, wording.py), similarity
as overlap of character bigrams (proutt_core.text), revisions by template. English and Chinese.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from proutt_core.errors import SettingsError
from proutt_core.llm.model import Prompt
from proutt_core.llm.rules.answers import ANSWERS
from proutt_core.llm.schema import ReplyType
from proutt_core.types.calls import Completion

__all__ = ["RulesModel"]


class RulesModel:
    """A `Model` without a model. A change of any rule's answers needs a new revision in `name`."""

    name = "rules-1"
    address = ""
    parameters: Mapping[str, Any] = {}

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        """Answers from `prompt.values` alone. Raises SettingsError for a stage without a rule."""
        if prompt.stage not in ANSWERS:
            raise SettingsError(f"rules: no rule for the stage '{prompt.stage}'; it has {', '.join(ANSWERS)}")
        answer = ANSWERS[prompt.stage](dict(prompt.values))
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        return Completion(text=text, model=self.name)
