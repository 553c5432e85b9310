"""Details of patients: what is accepted, how it is kept, and why it is refused (R-A10, R-C1)."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from stdnum.cn import ric

from booking.details import (
    check_birth_date,
    check_details,
    check_id_number,
    check_mobile,
    check_name,
    check_paper,
    check_said_name,
    identity_of,
    read_details,
    same_person,
    told_by_number,
)
from booking.id_numbers import check_character
from booking.models import PaperKind, PatientDetails, Sex
from booking.refusals import InvalidDetail

TODAY = date(2026, 3, 2)
NUMBER = "110105199003072311"
REGIONS = ["110105", "310104", "440305", "540102", "650102", "710000", "810000", "820000", "830000"]


def numbered(region: str, born: date, order: int) -> str:
    first = f"{region}{born:%Y%m%d}{order:03}"
    return first + check_character(first)


numbers = st.builds(
    numbered, st.sampled_from(REGIONS), st.dates(date(1900, 1, 1), TODAY), st.integers(min_value=0, max_value=999)
)


def problem_of(call: object, *args: object, **options: object) -> tuple[str, str]:
    with pytest.raises(InvalidDetail) as refused:
        call(*args, **options)  # type: ignore[operator] -- any check
    return refused.value.detail, refused.value.problem


class TestIdentityNumbers:
    @given(numbers)
    def test_every_right_number_is_accepted_with_the_sex_and_birth_date_it_tells(self, number: str) -> None:
        checked = check_id_number(number, today=TODAY)
        assert checked.number == number
        assert checked.birth_date.strftime("%Y%m%d") == number[6:14]
        assert checked.sex is (Sex.MALE if int(number[16]) % 2 else Sex.FEMALE)

    @given(numbers)
    def test_the_check_character_agrees_with_an_independent_library(self, number: str) -> None:
        assert ric.calc_check_digit(number) == number[-1]

    @given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
    def test_any_single_changed_digit_is_noticed(self, number: str, place: int, digit: str) -> None:
        assume(number[place] != digit)
        with pytest.raises(InvalidDetail):
            check_id_number(number[:place] + digit + number[place + 1 :], today=TODAY)

    @given(numbers, st.integers(0, 16))
    def test_two_neighbours_exchanged_are_noticed(self, number: str, place: int) -> None:
        exchanged = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        assume(exchanged != number)
        with pytest.raises(InvalidDetail):
            check_id_number(exchanged, today=TODAY)

    @pytest.mark.parametrize(
        "typed",
        [
            "11010519491231002x",
            "１１０１０５１９４９１２３１００２Ｘ",
            " 110105 19491231 002X ",
            "110105-19491231-002x",
        ],
    )
    def test_lower_case_wide_digits_and_spaces_are_read_as_meant(self, typed: str) -> None:
        assert check_id_number(typed, today=TODAY).number == "11010519491231002X"

    @pytest.mark.parametrize(
        ("typed", "problem"),
        [
            ("", "length"),
            ("11010519900307231", "length"),
            ("1101051990030723111", "length"),
            ("110105900307231", "length"),
            ("1101051990O3072311", "characters"),
            ("11010519900307X311", "characters"),
            ("١١٠١٠٥١٩٩٠٠٣٠٧٢٣١١", "characters"),
            ("000105199003072311", "region"),
            ("990105199003072311", "region"),
            ("110105199002302311", "date"),
            ("110105199013072311", "date"),
            ("110105000003072311", "date"),
            (numbered("110105", TODAY + timedelta(days=1), 231), "future"),
            (numbered("110105", date(1895, 3, 1), 231), "too_old"),
            ("110105199003072312", "checksum"),
        ],
    )
    def test_a_wrong_number_is_refused_with_what_is_wrong(self, typed: str, problem: str) -> None:
        assert problem_of(check_id_number, typed, today=TODAY) == ("id_number", problem)

    def test_a_child_born_today_and_a_person_of_130_are_accepted(self) -> None:
        assert check_id_number(numbered("110105", TODAY, 1), today=TODAY).birth_date == TODAY
        assert check_id_number(numbered("110105", date(1895, 3, 3), 1), today=TODAY)


class TestNames:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("张三", "张三"),
            (" 张 三 ", "张三"),
            ("姓名：张三", "张三"),
            ("我叫张三。", "张三"),
            ("𠮷田一郎", "𠮷田一郎"),
            ("买买提•吐尔逊", "买买提·吐尔逊"),
            ("买买提．吐尔逊", "买买提·吐尔逊"),
            ("John  Smith", "John Smith"),
            ("Ｊｏｈｎ", "John"),
            ("Anne-Marie O’Neill", "Anne-Marie O'Neill"),
            ("José Núñez Jr.", "José Núñez Jr."),
            ("字" * 20, "字" * 20),
        ],
    )
    def test_names_people_have_are_kept_in_one_form(self, typed: str, kept: str) -> None:
        assert check_name(typed) == kept

    @pytest.mark.parametrize("typed", ["李想", "那英", "王帮富", "我叫李想"])
    def test_a_name_may_hold_a_character_that_sentences_hold(self, typed: str) -> None:
        assert check_said_name(typed) == typed.removeprefix("我叫")

    @pytest.mark.parametrize(
        "typed", ["没有", "不知道", "为什么要姓名", "我要预约口腔科", "等一下", "好的", "帮老人挂号", "身份证在家里"]
    )
    def test_a_sentence_is_not_taken_for_a_name(self, typed: str) -> None:
        assert problem_of(check_said_name, typed) == ("name", "empty")

    @pytest.mark.parametrize(
        ("typed", "problem"),
        [
            ("", "empty"),
            ("  \u3000 ", "empty"),
            ("张", "length"),
            ("字" * 21, "length"),
            ("A", "length"),
            ("a" * 61, "length"),
            ("张三3", "characters"),
            ("13812345678", "characters"),
            ("张三😀", "characters"),
            ("张\u202e三", "characters"),
            ("\u200f张三", "characters"),
            ("张三\x00", "characters"),
            ("张三\n李四", "characters"),
            ("张三Smith", "characters"),
            ("Иван", "characters"),
            ("J--ohn", "characters"),
            ("-John", "characters"),
            ("张·", "characters"),
            ("张··三", "characters"),
            ("<b>x</b>", "characters"),
        ],
    )
    def test_what_is_no_name_is_refused(self, typed: str, problem: str) -> None:
        assert problem_of(check_name, typed) == ("name", problem)

    @given(st.text(max_size=30))
    def test_a_kept_name_is_kept_the_same_when_typed_again(self, text: str) -> None:
        try:
            kept = check_name(text)
        except InvalidDetail:
            return
        assert check_name(kept) == kept


class TestMobiles:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("13812345678", "13812345678"),
            ("１３８１２３４５６７８", "13812345678"),
            ("138-1234-5678", "13812345678"),
            ("+86 138 1234 5678", "13812345678"),
            ("8613812345678", "13812345678"),
            ("008613812345678", "13812345678"),
            ("19912345678", "19912345678"),
            ("+852 9123 4567", "+85291234567"),
            ("+853 6612 3456", "+85366123456"),
            ("+886 912-345-678", "+886912345678"),
            ("+1 (415) 555-2671", "+14155552671"),
        ],
    )
    def test_mobile_numbers_are_kept_in_one_form(self, typed: str, kept: str) -> None:
        assert check_mobile(typed) == kept

    @pytest.mark.parametrize(
        ("typed", "problem"),
        [
            ("", "characters"),
            ("手机", "characters"),
            ("1381234567a", "characters"),
            ("1381234567", "length"),
            ("138123456789", "length"),
            ("12012345678", "invalid"),
            ("91234567", "invalid"),
            ("+852123", "invalid"),
            ("+99912345678", "invalid"),
            ("+86 10 6552 9988", "invalid"),
        ],
    )
    def test_what_cannot_be_called_on_the_move_is_refused(self, typed: str, problem: str) -> None:
        assert problem_of(check_mobile, typed) == ("mobile", problem)


FOREIGN_2023 = "911156199003070011"[:17] + check_character("91115619900307001")


class TestOtherPapers:
    @pytest.mark.parametrize(
        ("kind", "typed", "kept"),
        [
            (PaperKind.ID_CARD, NUMBER, NUMBER),
            (PaperKind.PASSPORT, "e 1234 5678", "E12345678"),
            (PaperKind.HK_MACAO_PERMIT, "h12345678", "H12345678"),
            (PaperKind.HK_MACAO_PERMIT, "M1234567801", "M1234567801"),
            (PaperKind.HK_MACAO_PERMIT, numbered("810000", date(1990, 3, 7), 1), None),
            (PaperKind.TAIWAN_PERMIT, "01234567", "01234567"),
            (PaperKind.TAIWAN_PERMIT, numbered("830000", date(1990, 3, 7), 1), None),
            (PaperKind.FOREIGN_RESIDENT, "usa123456789012", "USA123456789012"),
            (PaperKind.FOREIGN_RESIDENT, FOREIGN_2023, FOREIGN_2023),
            (PaperKind.CHILD, NUMBER, NUMBER),
        ],
    )
    def test_each_kind_of_papers_is_known(self, kind: PaperKind, typed: str, kept: str | None) -> None:
        assert check_paper(kind, typed, today=TODAY) == (kept or typed)

    @pytest.mark.parametrize(
        ("kind", "typed", "refused"),
        [
            (PaperKind.PASSPORT, "ABCDEF", ("paper_number", "format")),
            (PaperKind.PASSPORT, "E1", ("paper_number", "format")),
            (PaperKind.HK_MACAO_PERMIT, "X12345678", ("paper_number", "format")),
            (PaperKind.HK_MACAO_PERMIT, "H123456789", ("paper_number", "format")),
            (PaperKind.HK_MACAO_PERMIT, numbered("830000", date(1990, 3, 7), 1), ("paper_number", "region")),
            (PaperKind.TAIWAN_PERMIT, "1234567", ("paper_number", "format")),
            (PaperKind.FOREIGN_RESIDENT, "US1234567890123", ("paper_number", "format")),
            (PaperKind.FOREIGN_RESIDENT, NUMBER, ("paper_number", "region")),
            (PaperKind.FOREIGN_RESIDENT, FOREIGN_2023[:-1] + "?", ("paper_number", "characters")),
            (PaperKind.CHILD, "E12345678", ("id_number", "length")),
        ],
    )
    def test_a_number_of_other_papers_is_refused(self, kind: PaperKind, typed: str, refused: tuple[str, str]) -> None:
        assert problem_of(check_paper, kind, typed, today=TODAY) == refused

    def test_numbers_of_18_digits_tell_sex_and_birth_date_whatever_the_card(self) -> None:
        for kind, number in ((PaperKind.ID_CARD, NUMBER), (PaperKind.FOREIGN_RESIDENT, FOREIGN_2023)):
            told = told_by_number(kind, number, today=TODAY)
            assert told is not None
            assert (told.sex, told.birth_date) == (Sex.MALE, date(1990, 3, 7))

    def test_passports_and_a_guardians_number_tell_nothing_of_the_patient(self) -> None:
        assert told_by_number(PaperKind.PASSPORT, "E12345678") is None
        assert told_by_number(PaperKind.CHILD, NUMBER) is None


class TestBirthDates:
    @pytest.mark.parametrize(
        "typed",
        [
            "2020-01-02",
            "2020年1月2日",
            "2020年01月02号",
            "20200102",
            "2020/1/2",
            "2020.1.2",
            " ２０２０－０１－０２ ",
            "2020 1 2",
        ],
    )
    def test_the_usual_ways_to_write_a_date_are_read(self, typed: str) -> None:
        assert check_birth_date(typed, today=TODAY, child=True) == date(2020, 1, 2)

    @pytest.mark.parametrize(
        ("typed", "problem"),
        [
            ("", "format"),
            ("昨天", "format"),
            ("1月2日", "format"),
            ("20-01-02", "format"),
            ("2020-02-30", "date"),
            ("20201301", "date"),
            ("2026-03-03", "future"),
            ("1895-03-01", "too_old"),
            ("2008-03-02", "not_a_child"),
        ],
    )
    def test_a_date_that_cannot_be_a_childs_is_refused(self, typed: str, problem: str) -> None:
        assert problem_of(check_birth_date, typed, today=TODAY, child=True) == ("birth_date", problem)

    def test_one_is_a_child_until_the_day_before_the_eighteenth_birthday(self) -> None:
        assert check_birth_date("2008-03-03", today=TODAY, child=True)
        assert check_birth_date("2008-03-02", today=TODAY)


def details(**changes: object) -> PatientDetails:
    known: dict[str, object] = {
        "name": "张三",
        "paper_kind": PaperKind.ID_CARD,
        "paper_number": NUMBER,
        "sex": Sex.MALE,
        "birth_date": date(1990, 3, 7),
        "mobile": "13812345678",
    }
    return PatientDetails(**(known | changes))  # type: ignore[arg-type] -- a test's shorthand


class TestDetailsTogether:
    def test_details_that_agree_are_kept_in_their_usual_form(self) -> None:
        assert check_details(details(name=" 张 三", mobile="138 1234 5678"), today=TODAY) == details()

    @pytest.mark.parametrize(
        ("changes", "refused"),
        [
            ({"sex": Sex.FEMALE}, ("sex", "mismatch")),
            ({"birth_date": date(1990, 3, 8)}, ("birth_date", "mismatch")),
            ({"paper_kind": PaperKind.CHILD}, ("birth_date", "not_a_child")),
            (
                {"paper_kind": PaperKind.PASSPORT, "paper_number": "E12345678", "birth_date": date(2026, 3, 3)},
                ("birth_date", "future"),
            ),
            ({"mobile": "1"}, ("mobile", "length")),
            ({"name": ""}, ("name", "empty")),
        ],
    )
    def test_details_that_contradict_each_other_are_refused(
        self, changes: dict[str, object], refused: tuple[str, str]
    ) -> None:
        assert problem_of(check_details, details(**changes), today=TODAY) == refused

    def test_one_number_is_one_person_whatever_card_it_stands_on(self) -> None:
        number = numbered("810000", date(1990, 3, 7), 1)
        as_card = identity_of(details(paper_number=number))
        assert as_card == identity_of(details(paper_kind=PaperKind.HK_MACAO_PERMIT, paper_number=number.lower()))

    def test_a_renewed_permit_is_the_same_persons(self) -> None:
        first, renewed = (
            identity_of(details(paper_kind=PaperKind.HK_MACAO_PERMIT, paper_number=number))
            for number in ("H1234567801", "H12345678")
        )
        assert first == renewed

    def test_two_children_of_one_guardian_are_two_persons(self) -> None:
        child = {"paper_kind": PaperKind.CHILD, "birth_date": date(2020, 1, 2)}
        identities = {
            identity_of(details(**child, name="张小明")),
            identity_of(details(**child, name="张小红")),
            identity_of(details(**child | {"birth_date": date(2021, 1, 2)}, name="张小明")),
            identity_of(details()),
        }
        assert len(identities) == 4

    def test_capitals_and_spaces_do_not_make_another_person_but_other_details_do(self) -> None:
        assert same_person(details(name="John Smith"), details(name="JOHN  SMITH", mobile="19912345678"))
        assert not same_person(details(), details(name="张四"))
        assert not same_person(details(), details(sex=Sex.FEMALE))
        assert not same_person(details(), details(birth_date=date(1990, 3, 8)))


class TestFreeMessages:
    @pytest.mark.parametrize(
        "message",
        [
            f"张三 {NUMBER} 13812345678",
            f"13812345678，{NUMBER}，张三",
            f"姓名：张三\n身份证号：{NUMBER}\n手机号：13812345678",
            f"我叫张三，身份证号码是{NUMBER}，手机是13812345678。",
            f"张三{NUMBER}手机13812345678",
            "张 三；110105 19900307 2311；138-1234-5678",
            "138 1234 5678 110105 19900307 2311 张三",
            "张三　１１０１０５１９９００３０７２３１１　１３８１２３４５６７８",
            f"张三，男，{NUMBER}，电话：13812345678",
        ],
    )
    def test_three_details_are_found_in_any_order_and_dress(self, message: str) -> None:
        found = read_details(message)
        assert (found.name, found.id_number) == ("张三", NUMBER)
        assert found.mobile is not None
        assert check_mobile(found.mobile) == "13812345678"

    @given(
        st.permutations(["李小龙", "11010519491231002x", "19912345678"]),
        st.sampled_from([" ", "\n", ",", "，", "；", "、"]),
    )
    def test_the_order_does_not_matter(self, parts: list[str], between: str) -> None:
        found = read_details(between.join(parts))
        assert (found.name, found.id_number, found.mobile) == ("李小龙", "11010519491231002X", "19912345678")

    @pytest.mark.parametrize(
        ("message", "name", "number", "mobile"),
        [
            ("张三", "张三", None, None),
            ("John Smith 13812345678", "John Smith", None, "13812345678"),
            ("Patel, mobile 13812345678", "Patel", None, "13812345678"),
            ("买买提·吐尔逊 +852 9123 4567", "买买提·吐尔逊", None, "+85291234567"),
            ("张三 1101051990030723 13812345678", "张三", "1101051990030723", "13812345678"),
            ("张三 110105199003072312", "张三", "110105199003072312", None),
            ("张三 110105 19900307 2312", "张三", "110105199003072312", None),
            ("张三 1381234567", "张三", None, "1381234567"),
            ("张三 李四 13812345678", None, None, "13812345678"),
            ("李想 13812345678", "李想", None, "13812345678"),
            ("那英 13812345678", "那英", None, "13812345678"),
            ("手机13912345678 姓名：王帮富", "王帮富", None, "13912345678"),
            ("患者张三 13812345678", "张三", None, "13812345678"),
            ("李四 护照 13812345678", "李四", None, "13812345678"),
            ("想挂号 13812345678", None, None, "13812345678"),
            ("不知道 13812345678", None, None, "13812345678"),
            ("姓名：张3", None, None, None),
            ("我要预约口腔科", None, None, None),
            ("帮我妈妈挂个号13812345678", None, None, "13812345678"),
            ("口腔科明天下午三点", None, None, None),
            ("H12345678", None, None, None),
            ("2020-01-02", None, None, None),
            ("20200102", None, None, None),
            ("", None, None, None),
        ],
    )
    def test_what_is_not_said_is_not_found(
        self, message: str, name: str | None, number: str | None, mobile: str | None
    ) -> None:
        found = read_details(message)
        assert (found.name, found.id_number, found.mobile) == (name, number, mobile)

    @given(st.text(max_size=300))
    @example("1 " * 5000)
    @example("张" * 10_000)
    @example("+" * 100)
    def test_any_text_can_be_read(self, text: str) -> None:
        read_details(text)
