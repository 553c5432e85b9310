"""What is shown of personal data, as the contract has it (R-A11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.masking import mask_mobile, mask_name, mask_number


@pytest.mark.parametrize(
    ("plain", "masked"),
    [("张三", "张*"), ("欧阳娜娜", "欧*"), ("买买提·吐尔逊", "买*"), ("John Smith", "J*"), ("", "")],
)
def test_a_name_shows_its_first_character(plain: str, masked: str) -> None:
    assert mask_name(plain) == masked


@pytest.mark.parametrize(
    ("plain", "masked"),
    [("13800001234", "138****1234"), ("+85291234567", "+852****4567"), ("1234567", "*****67"), ("", "")],
)
def test_a_mobile_number_shows_both_ends(plain: str, masked: str) -> None:
    assert mask_mobile(plain) == masked


@pytest.mark.parametrize(
    ("plain", "masked"),
    [
        ("110105199003071234", "110***********1234"),
        ("E12345678", "E******78"),
        ("12345678", "1*****78"),
        ("USA123456789012", "USA********9012"),
        ("12", "**"),
    ],
)
def test_a_papers_number_shows_both_ends(plain: str, masked: str) -> None:
    assert mask_number(plain) == masked


@given(st.text(alphabet="0123456789", max_size=25))
def test_a_mask_never_shows_more_than_seven_digits_nor_a_short_number_whole(plain: str) -> None:
    for masked in (mask_mobile(plain), mask_number(plain)):
        shown = len(masked.replace("*", ""))
        assert shown <= 7
        assert not plain or shown < len(plain)
