"""Consent, registration, and the care of patients (R-A10, R-C3, R-D4)."""

from collections.abc import Iterable
from datetime import date

from booking.masking import mask_mobile, mask_name, mask_number
from booking.models import Clinic, PaperKind, Patient, Sex
from handlers.texts import common

CONSENT_VERSION = "1"
"""Grows with every change of meaning in ``consent``: whoever agreed to an older text is asked again."""

FIRST_TIME = "首次预约请先登记就诊人，只需登记一次。"
ALL_AT_ONCE = "姓名、身份证号、手机号可逐项发送，也可一次发来。"
NO_OTHER_PAPERS = "没有身份证的，请选择："
ASK_PAPER_KIND = "请选择证件类型："
ASK_SEX = "请选择性别："
BIRTH_EXAMPLE = "例如 2020-01-02。"
ADD_PATIENT = "添加就诊人"
ADD_WORDS = ("添加", "新增", "新增就诊人", "增加就诊人", "再加一位")
CORRECT_NAME = "更正姓名"
CORRECT_MOBILE = "更正手机号"
CORRECT_PAPERS = "更正证件"
REMOVE = "移除就诊人"
ADDED = "回复“预约”即可挂号，回复“就诊人”可继续管理。"
NAME_QUESTION = "请输入姓名"
MOBILE_QUESTION = "请输入手机号"
BIRTH_QUESTION = "请输入出生日期"
_NUMBER_QUESTIONS = {
    PaperKind.ID_CARD: "请输入身份证号",
    PaperKind.PASSPORT: "请输入护照号码",
    PaperKind.HK_MACAO_PERMIT: "请输入港澳居民通行证号码",
    PaperKind.TAIWAN_PERMIT: "请输入台湾居民通行证号码",
    PaperKind.FOREIGN_RESIDENT: "请输入外国人永久居留证号码",
    PaperKind.CHILD: "请输入监护人身份证号",
}
_DETAILS = {"name": "姓名", "number": "身份证号", "mobile": "手机号"}
PAPER_WORDS = {
    PaperKind.PASSPORT: ("护照",),
    PaperKind.HK_MACAO_PERMIT: ("港澳居民来往内地通行证", "回乡证", "港澳居民居住证"),
    PaperKind.TAIWAN_PERMIT: ("台湾居民来往大陆通行证", "台胞证", "台湾居民居住证"),
    PaperKind.FOREIGN_RESIDENT: ("永居证", "外国人永久居留身份证"),
    PaperKind.CHILD: ("儿童", "孩子", "出生证明", "没有证件"),
}
PERSONS = ("儿童", "孩子")
"""Words for papers that name a person: among other words they say whose something is."""
POSSIBLE_PAPERS = (
    f"可用的证件：{'、'.join(name for kind, name in common.PAPERS.items() if kind is not PaperKind.CHILD)}；"
    "儿童没有证件号的，可用监护人身份证号登记。"
)
SEX_WORDS = {Sex.MALE: ("男性", "男孩", "先生"), Sex.FEMALE: ("女性", "女孩", "女士")}


def consent(clinic: Clinic) -> str:
    """What the account agrees to before anything personal is asked (R-C3)."""
    return (
        f"为了给您挂号，{clinic.name}需要登记就诊人的姓名、证件号和手机号，仅用于预约、就诊和与您联系，"
        f"加密保存，未经您同意不向他人提供；您可随时在“就诊人”中更正或移除。（说明第{CONSENT_VERSION}版）\n是否同意？"
    )


def not_agreed(clinic: Clinic) -> str:
    """Without consent nothing is kept, so nothing can be booked here."""
    return f"好的，未登记任何信息。您可以致电 {clinic.phone} 或到院现场挂号；改变主意时回复“预约”即可。"


def noted(details: Iterable[str]) -> str:
    """What was understood of a message that did not bring what was asked for."""
    return f"已记下{'、'.join(_DETAILS[detail] for detail in details)}。"


def number_question(kind: PaperKind) -> str:
    """The last line that asks for the papers' number."""
    return _NUMBER_QUESTIONS[kind]


def registered(patient: Patient, today: date) -> str:
    """After registration, with the file number (R-C1)."""
    return f"登记成功：{common.patient(patient, today)}，档案号 {patient.file_number}。"


def label(patient: Patient, today: date) -> str:
    """张* 男 38岁 138****1234."""
    return f"{common.patient(patient, today)} {mask_mobile(patient.details.mobile)}"


def label_with_file(patient: Patient, today: date) -> str:
    """张* 男 38岁 档案号F00000012, where the shorter label would be another patient's, too."""
    return f"{common.patient(patient, today)} 档案号{patient.file_number}"


def listing(count: int, limit: int) -> str:
    """The head of the list."""
    full = "" if count < limit else "，已达上限，如需添加请先移除一位"
    return f"您的就诊人（{count}/{limit}{full}），选择后可更正或移除："


def details(patient: Patient, today: date) -> str:
    """What is known of a patient, masked."""
    known = patient.details
    owner = "，监护人身份证 " if known.paper_kind is PaperKind.CHILD else " "
    return "\n".join(
        (
            f"姓名：{mask_name(known.name)}",
            f"性别：{common.SEXES[known.sex]}，{common.age(known.birth_date, today)}岁",
            f"证件：{common.PAPERS[known.paper_kind]}{owner}{mask_number(known.paper_number)}",
            f"手机号：{mask_mobile(known.mobile)}",
            f"档案号：{patient.file_number}",
            "请选择要办理的事项：",
        )
    )


def corrected(patient: Patient, today: date) -> str:
    """After a correction."""
    return f"已更正：{label(patient, today)}。\n回复“就诊人”可继续管理。"


def ask_remove(patient: Patient, today: date) -> str:
    """Before a patient is taken off the account."""
    return f"确认移除就诊人 {common.patient(patient, today)}？移除后本微信号不能再为其预约，档案仍由门诊保存。"


def removed(patient: Patient) -> str:
    """After a patient was taken off the account."""
    return f"已移除就诊人 {mask_name(patient.details.name)}。\n回复“就诊人”可继续管理。"
