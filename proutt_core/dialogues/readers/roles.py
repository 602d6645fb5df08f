"""Who speaks: the names that files give to the five roles, one list for all formats."""

from typing import Any

from proutt_core.dialogues.files.rows import UNKNOWN_ROLE, JsonObject, RowError, short_repr
from proutt_core.dialogues.readers.keys import folded
from proutt_core.dialogues.readers.source import SourceRole

# Small letters without hyphens, spaces and underscores: `Function-Call` is `functioncall`.
NAMES: dict[SourceRole, str] = {
    "user": """
        user human usr person people prompter customer client consumer patient seeker caller visitor guest you me
        enduser student buyer apprentice inquirer questioner asker requester humanmessage humanmessagechunk usermessage
        roleuser messageroleuser userrole chatuser question prompt query instruction
        用户 人类 客户 顾客 用户端 我 usuario utilisateur benutzer nutzer usuário пользователь ユーザー 사용자
    """,
    "assistant": """
        assistant ai bot gpt gpt3 gpt35 gpt4 gpt4o chatgpt chatbot bing bard claude gemini copilot model llm agent
        aiassistant aiagent virtualassistant assistantbot machine wizard support operator salesperson seller advisor
        recommender aimessage aimessagechunk assistantmessage botmessage roleassistant messageroleassistant rolemodel
        assistantrole modelresponse answer response completion reply
        助手 助理 机器人 客服 模型 人工智能 assistent asistente ассистент アシスタント 어시스턴트
    """,
    "system": """
        system sys developer systemprompt systemmessage systeminstruction systemmessagechunk developermessage rolesystem
        messagerolesystem root platform 系统
    """,
    "tool_call": "functioncall toolcall toolcalls tooluse functioncalls customtoolcall",
    "tool_result": """
        tool function observation toolresponse functionresponse toolresult functionresult tooloutput functionoutput
        functioncalloutput customtoolcalloutput toolmessage functionmessage roletool messageroletool toolmessagechunk
        ipython environment execution
    """,
}
ROLES: dict[str, SourceRole] = {name: role for role, names in NAMES.items() for name in names.split()}

ROLE_KEYS = (
    *("role", "from", "sender", "speaker", "author", "authorrole", "senderrole", "sendertype", "messagerole"),
    *("speakerrole", "participantrole", "participant", "actortype", "actor", "usertype", "authortype", "type"),
    *("messagetype", "direction", "side", "party", "source", "who", "name"),
)
_DIRECTIONS: dict[str, SourceRole] = {
    **dict.fromkeys(("in", "inbound", "incoming", "received"), "user"),
    **dict.fromkeys(("out", "outbound", "outgoing", "sent"), "assistant"),
}
# A column that is true or false, and who speaks where it is true.
FLAGS: dict[str, SourceRole] = {
    **dict.fromkeys(
        ("isbot", "isfrombot", "frombot", "isai", "isassistant", "bot", "isagent", "isresponse"), "assistant"
    ),
    **dict.fromkeys(("isuser", "ishuman", "isfromuser", "fromuser", "iscreatedbyuser", "iscustomer"), "user"),
    **dict.fromkeys(("isprompt", "isquestion"), "user"),
}
_TRUTH = {"true": True, "1": True, "t": True, "yes": True, "y": True} | {
    "false": False,
    "0": False,
    "f": False,
    "no": False,
    "n": False,
}


def known_role(value: Any) -> SourceRole | None:
    """The role of this name in any capitals, padded, with hyphens, spaces or underscores; None for anything else."""
    if type(value) is not str:
        return None
    return ROLES.get(value) or ROLES.get(folded(value))


def role_of(value: Any, number: int) -> SourceRole:
    role = known_role(value)
    if role is None:
        raise RowError(
            UNKNOWN_ROLE,
            f"message {number}: {short_repr(value)}; known are user, assistant and others in docs/formats.md",
        )
    return role


def role_in(message: JsonObject, number: int) -> SourceRole:
    """The role of a message with folded keys: the first of its columns that names one."""
    role = role_named(message)
    if role is not None:
        return role
    named = next((message[key] for key in ROLE_KEYS if message.get(key) is not None), None)
    return role_of(named, number)


def role_named(message: JsonObject) -> SourceRole | None:
    for key in ROLE_KEYS:
        value = message.get(key)
        if value is None:
            continue
        if isinstance(value, dict):  # an author: {"role": "user", "name": null}
            value = value.get("role") or value.get("type") or value.get("name")
        role = known_role(value) or (_DIRECTIONS.get(folded(value)) if key == "direction" else None)
        if role is not None:
            return role
    for key, role in FLAGS.items():
        truth = _truth(message.get(key))
        if truth is not None:
            return role if truth else "assistant" if role == "user" else "user"
    return None


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return _TRUTH.get(str(value).strip().lower()) if isinstance(value, int | str) else None
