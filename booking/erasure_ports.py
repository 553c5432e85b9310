"""What erasing an account needs of the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from booking.models import PatientDetails


class ErasureRows(Protocol):
    """What erasing an account needs of the database."""

    async def knows(self, openid: str) -> bool:
        """Tell whether there is such an account."""
        ...

    async def persons(self, openid: str) -> list[str]:
        """Return everybody whom the account ever knew, in the order they were added."""
        ...

    async def known_otherwise(self, patient_id: str, openid: str) -> bool:
        """Tell whether another account, or the desk by a number of its own, knows a person."""
        ...

    async def erase_person(self, patient_id: str, nobody: PatientDetails) -> None:
        """Overwrite who somebody is with what tells nothing; their appointments stay as figures."""
        ...

    async def destroy_details(self, openid: str, persons: Sequence[str]) -> list[int]:
        """Destroy what the audit trail has sealed of these persons, and the numbers this account gave.

        Returns the entries' ids; their hashes stay, so that the chain still verifies.
        """
        ...

    async def rename(self, openid: str, alias: str, *, now: datetime) -> None:
        """Let an alias stand wherever the account did, outside the audit trail.

        Links end, mobile numbers and consents to notices are gone, and what waited to be sent is void.
        """
        ...
