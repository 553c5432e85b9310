"""What a person says of a patient: checked detail by detail, and read from free messages (R-A10).

Every check returns the detail in the form in which it is kept, or raises ``InvalidDetail(detail, problem)``:

==============  ==========================================================================================
name            empty, length, characters
id_number       length, characters, region, date, future, too_old, checksum
paper_number    format; the problems of id_number for numbers of 18 digits
mobile          length, characters, invalid
birth_date      format, date, future, too_old, not_a_child, mismatch (with the papers' number)
sex             mismatch (with the papers' number)
==============  ==========================================================================================
"""

import re
import unicodedata
from datetime import date

from booking.detail_reading import FoundDetails, read_details
from booking.detail_words import DAYS, MONTH, YEAR
from booking.id_numbers import (
    LENGTH,
    IdNumber,
    age_on,
    check_age,
    check_foreign_resident_number,
    check_id_number,
    compact,
)
from booking.mobiles import check_mobile
from booking.models import PaperKind, PatientDetails
from booking.names import check_name, check_said_name, name_key, same_name
from booking.refusals import InvalidDetail

__all__ = [
    "ADULT",
    "FoundDetails",
    "IdNumber",
    "check_birth_date",
    "check_details",
    "check_id_number",
    "check_mobile",
    "check_name",
    "check_paper",
    "check_said_name",
    "identity_of",
    "read_details",
    "same_person",
    "told_by_number",
]

ADULT = 18
_RESIDENCE_PERMITS = {PaperKind.HK_MACAO_PERMIT: ("81", "82"), PaperKind.TAIWAN_PERMIT: ("83",)}
_FORMATS = {
    PaperKind.PASSPORT: re.compile(r"(?=.*[0-9])[A-Z0-9]{6,12}"),
    PaperKind.HK_MACAO_PERMIT: re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?"),
    PaperKind.TAIWAN_PERMIT: re.compile(r"[0-9]{8}"),
    PaperKind.FOREIGN_RESIDENT: re.compile(r"[A-Z]{3}[0-9]{12}"),
}
_SEPARATED = re.compile(rf"([0-9]{{4}})[{YEAR}\-/.\s]+([0-9]{{1,2}})[{MONTH}\-/.\s]+([0-9]{{1,2}})[{DAYS}]?")
_JOINED = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


def check_paper(kind: PaperKind, text: str, *, today: date | None = None) -> str:
    """Check the number of any papers; of a child it is the guardian's identity number.

    Permits of Hong Kong, Macao and Taiwan residents may also be the residence permits of 18 digits, and cards
    of foreign permanent residents those of 2023.
    """
    number = compact(text)
    if kind in (PaperKind.ID_CARD, PaperKind.CHILD):
        return check_id_number(text, today=today).number
    if len(number) == LENGTH and kind in _RESIDENCE_PERMITS:
        if not number.startswith(_RESIDENCE_PERMITS[kind]):
            raise InvalidDetail("paper_number", "region")
        return check_id_number(text, today=today).number
    if len(number) == LENGTH and kind is PaperKind.FOREIGN_RESIDENT:
        return check_foreign_resident_number(text, today=today).number
    if _FORMATS[kind].fullmatch(number) is None:
        raise InvalidDetail("paper_number", "format")
    return number


def check_birth_date(text: str, *, today: date, child: bool = False) -> date:
    """Read a birth date (``2020-01-02``, ``2020/1/2``, ``20200102``, in Chinese); a child is under 18."""
    plain = unicodedata.normalize("NFKC", text).strip()
    parts = _SEPARATED.fullmatch(plain) or _JOINED.fullmatch(plain)
    if parts is None:
        raise InvalidDetail("birth_date", "format")
    try:
        day = date(int(parts[1]), int(parts[2]), int(parts[3]))
    except ValueError:
        raise InvalidDetail("birth_date", "date") from None
    check_age(day, "birth_date", today)
    if child and age_on(today, day) >= ADULT:
        raise InvalidDetail("birth_date", "not_a_child")
    return day


def told_by_number(kind: PaperKind, number: str, *, today: date | None = None) -> IdNumber | None:
    """Return sex and birth date where the patient's own number tells them; None means they must be asked."""
    if kind is PaperKind.CHILD or len(compact(number)) != LENGTH:
        return None
    if kind is PaperKind.FOREIGN_RESIDENT:
        return check_foreign_resident_number(number, today=today)
    return check_id_number(number, today=today)


def check_details(details: PatientDetails, *, today: date | None = None) -> PatientDetails:
    """Check all details and that they agree: sex and birth date with the number, a child's age with being one."""
    number = check_paper(details.paper_kind, details.paper_number, today=today)
    name, mobile = check_name(details.name), check_mobile(details.mobile)
    told = told_by_number(details.paper_kind, number, today=today)
    if told is not None and told.birth_date != details.birth_date:
        raise InvalidDetail("birth_date", "mismatch")
    if told is not None and told.sex != details.sex:
        raise InvalidDetail("sex", "mismatch")
    check_age(details.birth_date, "birth_date", today)
    if today is not None and details.paper_kind is PaperKind.CHILD and age_on(today, details.birth_date) >= ADULT:
        raise InvalidDetail("birth_date", "not_a_child")
    return PatientDetails(name, details.paper_kind, number, details.sex, details.birth_date, mobile)


def identity_of(details: PatientDetails) -> str:
    """Return the text whose keyed hash finds this person again (R-C1).

    A number of 18 digits is one person's whatever card it stands on; a permit of Hong Kong or Macao keeps its
    first nine characters when it is renewed; a child is known by guardian, name and birth date together.
    """
    number = compact(details.paper_number)
    if details.paper_kind is PaperKind.CHILD:
        return f"child:{number}:{name_key(details.name)}:{details.birth_date.isoformat()}"
    if len(number) == LENGTH:
        return f"citizen:{number}"
    if details.paper_kind is PaperKind.HK_MACAO_PERMIT:
        number = number[:9]
    return f"{details.paper_kind}:{number}"


def same_person(one: PatientDetails, other: PatientDetails) -> bool:
    """Tell whether details found under one papers' number describe one person: name, sex and birth date agree."""
    return same_name(one.name, other.name) and one.sex == other.sex and one.birth_date == other.birth_date
