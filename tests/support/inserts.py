"""Inserts of claims: one by itself, and without what protects them, for controls."""

import copy
from collections.abc import Sequence
from typing import cast

import pytest
from sqlalchemy import Select
from sqlalchemy import insert as sql_insert

from booking.errors import ZhenyueError
from booking.models import Claim
from storage import claim_rows
from storage.claim_rows import SqlClaimRows
from storage.database import SqlUnit
from storage.tables import claim


async def insert(unit: SqlUnit, new: Claim) -> None:
    """Write one claim, or raise why not."""
    for error in (await unit.claims.insert_all([new])).values():
        raise error


async def insert_blindly(self: SqlClaimRows, claims: Sequence[Claim]) -> dict[str, ZhenyueError]:
    """In the place of ``SqlClaimRows.insert_all``: looks at no session and no slot, and locks nothing."""
    rows = [{name: getattr(new, name) for name in Claim.__slots__} for new in claims]
    await self._connection.execute(sql_insert(claim), rows)
    return {}


async def share_nothing(*_arguments: object) -> None:
    """In the place of ``SqlClaimRows.share_sessions``."""


def take_row_locks_away(patch: pytest.MonkeyPatch) -> None:
    """Let no query lock what it reads."""

    def unlocked(self: Select[tuple[object, ...]], **_: object) -> Select[tuple[object, ...]]:
        return self

    patch.setattr(Select, "with_for_update", unlocked)
    looking = copy.copy(cast("Select[tuple[object, ...]]", claim_rows._INSERT.select))
    looking._for_update_arg = None
    patch.setattr(SqlClaimRows, "share_sessions", share_nothing)
    patch.setattr(claim_rows, "_INSERT", sql_insert(claim).from_select(claim_rows._FIELDS, looking, False))
