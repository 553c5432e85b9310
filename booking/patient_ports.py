"""What the domain needs of patients' rows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from booking.models import Patient, PatientDetails
from booking.patient_search import Clue


class PatientRows(Protocol):
    """Patients, their links to accounts, and consents."""

    async def get(self, patient_id: str, *, openid: str | None = None) -> Patient | None:
        """Return a patient, with the mobile number this account gave; None when not linked to the account.

        Without an account it is the number given at the desk, empty where there is none.
        """
        ...

    async def by_ids(self, patient_ids: Collection[str]) -> dict[str, Patient]:
        """Return these patients by id, as ``get`` does without an account."""
        ...

    async def of_account(self, openid: str) -> list[Patient]:
        """Return the account's patients in the order they were added."""
        ...

    async def names(self, patients: Sequence[str]) -> dict[str, str]:
        """Return the names of these patients, by id, in one statement."""
        ...

    async def by_papers(self, details: PatientDetails) -> Patient | None:
        """Find the one person with these papers by their keyed hash."""
        ...

    async def add(self, patient_id: str, details: PatientDetails, *, now: datetime, at_desk: bool = False) -> Patient:
        """Write a new person with the next file number (R-C1); raises ``PersonKnown`` when added meanwhile.

        At the desk the mobile number is the person's own; one given in chat belongs to the link.
        """
        ...

    async def set_desk_mobile(self, patient_id: str, mobile: str) -> None:
        """Set the number that the person gave at the desk."""
        ...

    async def lock(self, patient_id: str) -> None:
        """Let nobody else book for this patient, or link or correct them, until the transaction ends."""
        ...

    async def lock_all(self, patients: Sequence[str]) -> None:
        """Lock each of these; given in order, so that nobody waits for each other."""
        ...

    async def owners(self, patients: Sequence[str]) -> set[tuple[str, str]]:
        """Return which patient is which account's now."""
        ...

    async def lock_account(self, openid: str, *, now: datetime) -> None:
        """Let nobody else change this account's links until the transaction ends."""
        ...

    async def account_of(self, patient_id: str) -> str | None:
        """Return the account that hears of what staff book for this patient; None when there is none.

        It is the account whose link gave the number that staff see: the desk's, else the newest link's.
        """
        ...

    async def with_clue(self, clue: Clue, *, limit: int) -> list[Patient]:
        """Find persons for staff, newest first, with the number that staff see."""
        ...

    async def link(self, openid: str, patient_id: str, *, mobile: str, now: datetime) -> None:
        """Link a person to an account, or set the mobile number of the link there is."""
        ...

    async def unlink(self, openid: str, patient_id: str, *, now: datetime) -> bool:
        """Take a person off an account; the person stays."""
        ...

    async def accounts_of(self, patient_id: str) -> int:
        """Return how many accounts know this person."""
        ...

    async def correct(self, patient_id: str, details: PatientDetails) -> None:
        """Overwrite a person's details (R-A10); raises ``PersonKnown`` when another person has the papers."""
        ...

    async def consent(self, openid: str) -> str | None:
        """Return the version of the text this account has agreed to, None when it never did (R-C3)."""
        ...

    async def record_consent(self, openid: str, version: str, *, now: datetime) -> bool:
        """Record that the account agreed to a version of the text, and when; False when it had already."""
        ...

    async def follow(self, openid: str, *, following: bool, now: datetime) -> bool:
        """Record that an account follows, or no longer does; False when that was known."""
        ...

    async def log_access(self, *, actor: str, channel: str, purpose: str, subject: str, now: datetime) -> None:
        """Record a look-up of patients by staff, or by an account that met somebody else's (R-A11, R-C4)."""
        ...

    async def looked_up(self, *, actor: str, purpose: str, since: datetime) -> int:
        """Return how often somebody's look-ups for a purpose were recorded since then."""
        ...
