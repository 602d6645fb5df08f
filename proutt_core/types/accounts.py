"""Accounts and their roles."""

from typing import Literal

AccountRole = Literal["annotator", "reviewer", "researcher", "admin"]
