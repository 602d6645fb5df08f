"""What can go wrong, and who is told.

ProuttError                       the message is for the user: what was wrong, where, what to do
├── InputError                    a file, row, field or option that cannot be used
├── SettingsError                 the configuration or the environment (database URL, API key, preset)
├── ConflictError                 the state forbids it: same name with other settings, study already open
├── NotAllowed                    this person may not do that
└── ModelError                    a language model could not answer
    ├── ModelUnavailable          no connection, timeout, 429 or 5xx after all attempts
    ├── ModelRefused              the server will not serve this (wrong key, unknown model, bad request)
    └── ReplyError                an answer came that its schema refuses, twice, or that cannot be used at all
"""


class ProuttError(Exception):
    """Base of all errors whose message is written for the user."""


class InputError(ProuttError):
    """A file, row, field or option that cannot be used."""


class SettingsError(ProuttError):
    """The configuration or the environment is wrong."""


class ConflictError(ProuttError):
    """The present state forbids the action."""


class NotAllowed(ProuttError):
    """This person may not do that."""


class ModelError(ProuttError):
    """A language model could not answer."""


class ModelUnavailable(ModelError):
    """No connection, a timeout, 429 or 5xx, after all attempts."""


class ModelRefused(ModelError):
    """The server will not serve this request: wrong key, unknown model, bad request.

    `every_call` is true where any other call would be refused as well (key, model, credit, address), so that a run can
    stop at once; false where only this request is at fault (too long, not allowed by its content). `status` is the
    server's HTTP status.
    """

    def __init__(self, message: str, *, every_call: bool = True, status: int | None = None) -> None:
        super().__init__(message)
        self.every_call = every_call
        self.status = status


class ReplyError(ModelError):
    """An answer came that its schema refuses, also when asked again, or that cannot be used at all. `raw` is the last
    reply."""

    def __init__(self, message: str, raw: str = "") -> None:
        super().__init__(message)
        self.raw = raw
