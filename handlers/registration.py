"""The details of a patient: the gaps that booking and 就诊人 share (R-A10, R-D4)."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import date
from typing import ClassVar

from booking.details import (
    check_birth_date,
    check_id_number,
    check_mobile,
    check_paper,
    check_said_name,
    read_details,
    told_by_number,
)
from booking.models import PaperKind, Patient, PatientDetails, Sex
from booking.patients import MAX_PATIENTS
from booking.refusals import IdentityMismatch, InvalidDetail, TooManyPatients, TooManyTries
from handlers.frame import Done, Frame, Gap, Question
from handlers.reading import read_names
from handlers.state import Option
from handlers.texts import commands, patients
from handlers.texts.common import PAPERS, SEXES
from handlers.words import compact

NEW = "new"
"""What the gap ``patient`` holds while a new one is being registered."""
PERSONAL = ("name", "other_papers", "paper", "number", "mobile", "sex", "birth")
_BY_ID_NUMBER = (PaperKind.ID_CARD, PaperKind.CHILD)
_OTHER_PAPERS = {compact(word) for word in (commands.OTHER_PAPERS, *commands.OTHER_PAPERS_WORDS)}
_PAPERS_BY_NAME = {
    compact(name): kind
    for kind, words in patients.PAPER_WORDS.items()
    for name in (PAPERS[kind], *words)
    if not commands.NO_ID_CARD.fullmatch(name)
}
_OTHER = Option("other", commands.OTHER_PAPERS, commands.OTHER_PAPERS_WORDS)


def _named_paper(text: str) -> tuple[PaperKind | None, bool]:
    """Return the papers that a text names and nothing else, and whether it says that they are to be used.

    护照, 我只有护照 and 没有身份证，能用护照吗 do; 要护照吗 and 是孩子的 do not.
    """
    said = compact(text)
    found = commands.AROUND_PAPERS.fullmatch(said)
    if found is None:
        return None, False
    papers = found["papers"]
    unsure = commands.ASKS_ABOUT_PAPERS.fullmatch(said) or (papers in patients.PERSONS and papers != said)
    return _PAPERS_BY_NAME.get(papers), not unsure


def _said_paper(text: str) -> PaperKind | None:
    """Return the papers that a text says to use."""
    kind, meant = _named_paper(text)
    return kind if meant else None


def _answer_about_papers(frame: Frame, text: str) -> bool:
    """Say which papers are possible, where a text names some and does not say that they are to be used."""
    kind, meant = _named_paper(text)
    if kind is None or meant:
        return False
    frame.note(patients.POSSIBLE_PAPERS)
    return True


def _says_other_papers(text: str) -> bool:
    said = compact(text)
    return said in _OTHER_PAPERS or commands.NO_ID_CARD.fullmatch(said) is not None or _said_paper(text) is not None


def _take_paper(frame: Frame, text: str) -> bool:
    kind = _said_paper(text)
    if kind is not None:
        frame.fill("paper", kind)
    return kind is not None


class Detail(Gap):
    """A detail asked in the last line of a reply; ``together`` are the details that one message may bring."""

    def __init__(self, *together: str) -> None:
        self._together = together or (self.name,)

    @abstractmethod
    def check(self, frame: Frame, text: str) -> str:
        """Return the detail as it is kept; raises ``InvalidDetail``."""

    def choose(self, frame: Frame, value: str) -> None:
        """Take the only option there is: other papers than an identity card."""
        frame.fill("other_papers", value)
        frame.forget("paper", "number", "sex", "birth")

    def hear(self, frame: Frame, text: str) -> bool:
        """Take what the message says of this and the other open details; raises ``InvalidDetail``."""
        if "number" in self._together and _answer_about_papers(frame, text):
            return True
        if "number" in self._together and _says_other_papers(text):
            self.choose(frame, _OTHER.value)
            _take_paper(frame, text)
        elif not self._take_found(frame, text):
            frame.fill(self.name, self.check(frame, text))
        return True

    def _take_found(self, frame: Frame, text: str) -> bool:
        if self.name == "number" and paper_kind(frame) not in _BY_ID_NUMBER:
            return False
        found = read_details(text)
        read = {"name": found.name, "number": found.id_number, "mobile": found.mobile}
        taken = False
        noted: list[str] = []
        for gap in _DETAILS:
            said = read[gap.name]
            if said is None or gap.name in frame.gaps or gap.name not in self._together:
                continue
            if gap.name == "number" and paper_kind(frame) not in _BY_ID_NUMBER:
                continue
            taken = True
            try:
                frame.fill(gap.name, gap.check(frame, said))
                noted.append(gap.name)
            except InvalidDetail as error:
                frame.refuse(error)
        if noted and self.name not in frame.gaps:
            frame.note(patients.noted(noted))
        return taken


class Name(Detail):
    """姓名."""

    name: ClassVar[str] = "name"

    async def ask(self, frame: Frame) -> Question:
        """Ask for it; at the beginning, say that everything may come at once."""
        begins = len(self._together) > 1 and not any(gap in frame.gaps for gap in PERSONAL)
        return Question(patients.ALL_AT_ONCE if begins else "", footer=patients.NAME_QUESTION)

    def check(self, frame: Frame, text: str) -> str:
        """Check a name; a department's is nobody's."""
        named = read_names(text, frame.catalogue)
        if named is not None and not named.doctors:
            raise InvalidDetail("name", "empty")
        return check_said_name(text)


class Number(Detail):
    """身份证号, or the number of the papers chosen."""

    name: ClassVar[str] = "number"

    async def ask(self, frame: Frame) -> Question:
        """Ask for it; other papers are offered beside the identity card."""
        kind = paper_kind(frame)
        if kind is PaperKind.ID_CARD:
            return Question(patients.NO_OTHER_PAPERS, (_OTHER,), footer=patients.number_question(kind))
        return Question("", footer=patients.number_question(kind))

    def check(self, frame: Frame, text: str) -> str:
        """Check a number by its kind."""
        kind = paper_kind(frame)
        if kind is PaperKind.ID_CARD:
            return check_id_number(text, today=frame.today).number
        return check_paper(kind, text, today=frame.today)


class Mobile(Detail):
    """手机号."""

    name: ClassVar[str] = "mobile"

    async def ask(self, frame: Frame) -> Question:
        """Ask for it."""
        return Question("", footer=patients.MOBILE_QUESTION)

    def check(self, frame: Frame, text: str) -> str:
        """Check a mobile number."""
        return check_mobile(text)


class BirthDate(Detail):
    """出生日期, where the papers do not tell it."""

    name: ClassVar[str] = "birth"

    async def ask(self, frame: Frame) -> Question:
        """Ask for it, with an example."""
        return Question(patients.BIRTH_EXAMPLE, footer=patients.BIRTH_QUESTION)

    def check(self, frame: Frame, text: str) -> str:
        """Check a birth date; a child's is less than 18 years ago."""
        child = paper_kind(frame) is PaperKind.CHILD
        return check_birth_date(text, today=frame.today, child=child).isoformat()

    def _take_found(self, frame: Frame, text: str) -> bool:
        return False


class Paper(Gap):
    """The kind of other papers."""

    name: ClassVar[str] = "paper"

    async def ask(self, frame: Frame) -> Question:
        """Offer the kinds of the contract."""
        options = (Option(kind, PAPERS[kind], words) for kind, words in patients.PAPER_WORDS.items())
        return Question(patients.ASK_PAPER_KIND, tuple(options))

    def hear(self, frame: Frame, text: str) -> bool:
        """Take the papers' name among other words."""
        return _answer_about_papers(frame, text) or _take_paper(frame, text)


class SexGap(Gap):
    """性别, where the papers do not tell it."""

    name: ClassVar[str] = "sex"

    async def ask(self, frame: Frame) -> Question:
        """Ask for it."""
        return Question(
            patients.ASK_SEX, tuple(Option(sex, label, patients.SEX_WORDS[sex]) for sex, label in SEXES.items())
        )


class Register(Gap):
    """Writes the new patient and puts them in the place of ``NEW``."""

    name: ClassVar[str] = "registered"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Register; what was refused is asked again."""
        try:
            patient = await _registered(frame, stated_details(frame))
        except (TooManyPatients, TooManyTries) as error:
            frame.refuse(error)
            frame.forget("patient", *PERSONAL)
            return None
        except (IdentityMismatch, InvalidDetail) as error:
            frame.refuse(error)
            frame.forget("name", "number", "sex", "birth")
            return None
        frame.account = None
        frame.forget(*PERSONAL)
        frame.fill("patient", patient.id)
        frame.fill(self.name, "yes")
        frame.settle()
        frame.note(patients.registered(patient, frame.today))
        return None


async def _registered(frame: Frame, details: PatientDetails) -> Patient:
    if frame.by is not None:
        return await frame.services.patients.register_by_staff(details, by=frame.by, now=frame.now)
    return await frame.services.patients.register(frame.openid, details, now=frame.now)


def patient_options(frame: Frame, known: Sequence[Patient]) -> tuple[Option, ...]:
    """Return the account's patients, masked yet told apart, and a new one while there is room (R-D4)."""
    labels = [patients.label(patient, frame.today) for patient in known]
    options = [
        Option(
            patient.id,
            label if labels.count(label) == 1 else patients.label_with_file(patient, frame.today),
            (patient.details.name,),
        )
        for patient, label in zip(known, labels, strict=True)
    ]
    if len(known) < MAX_PATIENTS:
        options.append(Option(NEW, patients.ADD_PATIENT, patients.ADD_WORDS))
    return tuple(options)


def refuse_one_more(text: str) -> None:
    """Say the limit to who asks for a new patient where none is offered; raises ``TooManyPatients`` (R-D4)."""
    if compact(text) in (patients.ADD_PATIENT, *patients.ADD_WORDS):
        raise TooManyPatients(MAX_PATIENTS)


def paper_kind(frame: Frame) -> PaperKind:
    """Return by what papers the patient will be known."""
    return PaperKind(frame.get("paper") or PaperKind.ID_CARD)


def registration_gaps(frame: Frame) -> Iterable[Gap]:
    """Return what is to be known of a new patient, and the gap that registers them."""
    return (_NAME, *paper_gaps(frame, _NUMBER), _MOBILE, *told_gaps(frame), _REGISTER)


def paper_gaps(frame: Frame, number: Gap) -> Iterable[Gap]:
    """Return the gaps of the papers: their kind where other ones were chosen, and their number."""
    return (_PAPER, number) if frame.get("other_papers") else (number,)


def told_gaps(frame: Frame) -> Iterable[Gap]:
    """Return the gaps of sex and birth date, unless the number tells both."""
    number = frame.get("number")
    if not number or told_by_number(paper_kind(frame), number, today=frame.today):
        return ()
    return (_SEX, _BIRTH)


def stated_papers(frame: Frame) -> tuple[PaperKind, str, Sex, date]:
    """Return kind and number of the papers, with sex and birth date as told by the number or by the patient."""
    kind, number = paper_kind(frame), frame.gaps["number"]
    told = told_by_number(kind, number, today=frame.today)
    if told is not None:
        return kind, number, told.sex, told.birth_date
    return kind, number, Sex(frame.gaps["sex"]), date.fromisoformat(frame.gaps["birth"])


def stated_details(frame: Frame) -> PatientDetails:
    """Return what was said of a new patient."""
    kind, number, sex, birth_date = stated_papers(frame)
    return PatientDetails(frame.gaps["name"], kind, number, sex, birth_date, frame.gaps["mobile"])


_TOGETHER = ("name", "number", "mobile")
_NAME, _NUMBER, _MOBILE = _DETAILS = (Name(*_TOGETHER), Number(*_TOGETHER), Mobile(*_TOGETHER))
_PAPER, _SEX, _BIRTH, _REGISTER = Paper(), SexGap(), BirthDate(), Register()
