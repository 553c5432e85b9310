"""The section ``templates``: known kinds of notices, known values, and no field whose value WeChat would refuse."""

from collections.abc import Iterator

from booking.catalogue_checks import Mistake, Place
from booking.catalogue_entries import TemplateEntry
from booking.catalogue_fields import nearest
from booking.notices import NoticeKind
from booking.template_fields import FITTING, VALUES, kind_of

SECTION = "templates"
KINDS = tuple(map(str, NoticeKind))


def check_kind(kind: str) -> list[Mistake]:
    """Find that there is no such kind of notice."""
    if kind in KINDS:
        return []
    known = ", ".join(KINDS)
    return [
        Mistake((SECTION, kind), "unknown_kind", {"value": kind, "near": nearest(kind, list(KINDS)), "known": known})
    ]


def check_template(kind: str, entry: TemplateEntry) -> Iterator[Mistake]:
    """Find fields of no kind that WeChat has, values that do not exist, and values that can never fit their field."""
    for field, value in entry.fields.items():
        yield from _check_field((SECTION, kind, "fields", field), field, value)


def _check_field(where: Place, field: str, value: str) -> Iterator[Mistake]:
    field_kind = kind_of(field)
    if field_kind not in FITTING:
        details = {"value": field, "near": nearest(field_kind, list(FITTING)), "known": ", ".join(FITTING)}
        yield Mistake(where, "unknown_field_kind", details)
    if value not in VALUES:
        details = {"value": value, "near": nearest(value, list(VALUES)), "known": ", ".join(VALUES)}
        yield Mistake(where, "unknown_value", details)
    elif field_kind in FITTING and value not in FITTING[field_kind]:
        fitting = [kind for kind, values in FITTING.items() if value in values]
        yield Mistake(where, "unfit_value", {"value": value, "field": field_kind, "known": ", ".join(fitting)})
