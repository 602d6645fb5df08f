"""Accounts by name."""

from db.accounts.users import UserInfo, list_users, normal_name


def find_user(name: str) -> UserInfo | None:
    return next((user for user in list_users() if user.name == normal_name(name)), None)
