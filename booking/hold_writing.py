"""Writing holds durably: those that are asked for at the same moment share one transaction.

What one of them costs is mostly its round trips and its commit, which a batch pays once. When the database refuses a
batch for one of them, each is written alone and has its own answer; when the COMMIT's answer is lost, each is asked
again by its request id.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from booking.actors import Actor
from booking.errors import Contended, OrdinalTaken, Refused, RepeatedRequest, Unavailable, ZhenyueError
from booking.models import Channel, Claim, ClaimKind, ClaimState
from booking.ports import Database, Unit
from booking.refusals import AlreadyInSession, UnknownPatient
from booking.rules import choose_ordinal
from booking.together import Result, Together

LARGEST = 100
PATIENCE = 0.3
"""Seconds that a batch waits for a row that somebody else has; then each waits for its own."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which slot for whom, asked by whom, through what; the same ``request_id`` again finds the first one's hold.

    ``replaces`` is the appointment that the new one is to stand for (R-A12); it stands until ``reschedule``. With
    staff ``openid`` may be None and ``channel`` ``phone`` or ``onsite`` (R-A1).
    """

    slot: str
    patient: str
    openid: str | None
    channel: Channel
    request_id: str
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class NewHold:
    """A claim to be written as a hold, with what decides whether it may be."""

    claim: Claim
    wish: Wish
    by: Actor
    limit: int
    """Appointments a patient may have on a day."""
    now: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """A hold as it was written, and the patient's earlier ones that it took the place of."""

    claim: Claim
    given_up: Sequence[Claim]


class _Undone(Exception):
    """Raised when what was done for a hold must be undone, and so the whole batch."""

    def __init__(self, why: ZhenyueError) -> None:
        super().__init__(why)
        self.why = why


class HoldWriting:
    """Writes holds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._few = asyncio.Semaphore(database.writers)
        """Of those that are written alone, so that they leave connections to others."""
        # While as many are written as can be, one more is judged.
        self._together = Together(self._write, largest=LARGEST, at_once=database.writers + 1)

    async def write(self, new: NewHold) -> Written:
        """Write a hold; an earlier one of the account for this patient is given up.

        Raises the ``Refused`` of the rule that forbids it, what ``ClaimRows.insert_all`` raises, or ``Unavailable``.
        """
        return await self._together(new)

    async def _write(self, asked: Sequence[NewHold]) -> Sequence[Result[Written]]:
        """Write them in one transaction, those of the same patient one after the other."""
        results: dict[int, Result[Written]] = {}
        left = list(enumerate(asked))
        while left:
            first = {new.claim.patient: place for place, new in reversed(left)}
            batch = sorted(first.values())
            try:
                written = await self._written([asked[place] for place in batch])
            except Unavailable as error:
                written = [error] * len(batch)
            results.update(zip(batch, written, strict=True))
            left = [(place, new) for place, new in left if place not in results]
        return [results[place] for place in range(len(asked))]

    async def _written(self, batch: Sequence[NewHold]) -> Sequence[Result[Written]]:
        """Write them together; those of a batch that was undone each alone, while the next batch goes on."""
        try:
            return await self._in_one_transaction(batch)
        except Exception as error:
            if isinstance(error, Unavailable) and not isinstance(error, Contended):
                raise  # it may have been written
            if len(batch) == 1:
                return [error.why if isinstance(error, _Undone) else error]
        return [asyncio.create_task(self._alone(new)) for new in batch]

    async def _alone(self, new: NewHold) -> Written | Exception:
        try:
            async with self._few:
                [result] = await self._in_one_transaction([new])
        except _Undone as undone:
            return undone.why
        return result

    async def _in_one_transaction(self, batch: Sequence[NewHold]) -> list[Written | Exception]:
        """Judge each by what its patient has, and write those that may be.

        Under the locks of the patients: what the day holds, and whose they are, stays so until this is written.
        """
        patients = sorted({new.claim.patient for new in batch})
        results: list[Written | Exception] = []
        async with self._database.begin() as unit:
            if len(batch) > 1:
                await unit.claims.wait_at_most(PATIENCE)  # one locked row is not everybody's
            await unit.patients.lock_all(patients)
            owners = await unit.patients.owners(patients)
            days = {new.claim.date for new in batch}
            having = await unit.claims.of_days(patients, days)
            for new in batch:
                mine = [claim for claim in having if claim.patient == new.claim.patient]
                try:
                    results.append(await _judged(unit, new, mine, owners))
                except (Refused, RepeatedRequest) as error:
                    results.append(error)
            await self._insert(unit, batch, results)
        return results

    async def _insert(self, unit: Unit, batch: Sequence[NewHold], results: list[Written | Exception]) -> None:
        """Sessions are locked before claims, and claims by their ids, as everywhere, so that nobody waits in a ring.

        Where nothing is given up, writing the new ones locks their sessions first.
        """
        writing = {place: result for place, result in enumerate(results) if isinstance(result, Written)}
        given_up = {old.id: (old, batch[place].now) for place, result in writing.items() for old in result.given_up}
        if given_up:
            sessions = {result.claim.session for result in writing.values()}
            await unit.claims.share_sessions(sessions | {old.session for old, _ in given_up.values()})
        for claim_id, (_, now) in sorted(given_up.items()):
            if await unit.claims.end(claim_id, was=(ClaimState.HELD,), to=ClaimState.RELEASED, now=now) is None:
                raise _Undone(OrdinalTaken())  # confirmed meanwhile: the day is judged anew
        refused = await unit.claims.insert_all([result.claim for result in writing.values()])
        for place, result in writing.items():
            error = refused.get(result.claim.id)
            if error is not None:
                if result.given_up:
                    raise _Undone(error)
                results[place] = error


async def _judged(unit: Unit, new: NewHold, having: Sequence[Claim], owners: set[tuple[str, str]]) -> Written:
    """Return the hold as it may be written, and what is given up for it."""
    claim, moving = new.claim, new.wish.replaces
    if new.by.owner is not None and (claim.patient, new.by.owner) not in owners:
        raise UnknownPatient  # removed or erased since they were looked up
    openid = await account_of(unit, new.wish, new.by)
    if any(other.request_id == claim.request_id and other.session == claim.session for other in having):
        raise RepeatedRequest
    given_up = [other for other in having if other.state is ClaimState.HELD and other.openid == openid]
    day = [
        other for other in having if other.kind is ClaimKind.MAIN and other.date == claim.date and other not in given_up
    ]
    if moving is not None:
        await _check_replacement(unit, claim, day, moving)
    ordinal = choose_ordinal(day, claim.starts_at, claim.ends_at, limit=new.limit, moving=moving)
    return Written(replace(claim, openid=openid, ordinal=ordinal if moving is None else None), given_up)


async def _check_replacement(unit: Unit, claim: Claim, day: Sequence[Claim], moving: str) -> None:
    """What the indexes say of main claims is said here of a replacement."""
    if await unit.claims.by_request(claim.session, claim.request_id) is not None:
        raise RepeatedRequest
    if any(other.session == claim.session and other.id != moving for other in day):
        raise AlreadyInSession


async def account_of(unit: Unit, wish: Wish, by: Actor) -> str | None:
    """Return whose the claim will be: who changes an appointment for somebody leaves it theirs."""
    if by.owner is not None:
        return by.owner
    if wish.replaces is not None:
        replaced = await unit.claims.get(wish.replaces)
        if replaced is not None and replaced.openid is not None:
            return replaced.openid
    return await unit.patients.account_of(wish.patient)
