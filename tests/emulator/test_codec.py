"""The emulator's codec against WeChat's worked examples and against another implementation."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto

from emulator.codec import Codec, Undecipherable, signature

KEY = "A" * 43
APPID = "wxba5fad812f8e6fb9"
OFFICIAL = Codec(token="AAAAA", aes_key=KEY, appid=APPID)


def test_the_verification_signature_is_that_of_the_official_example():
    assert signature("AAAAA", "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"


def test_the_plain_signature_is_that_of_the_official_example():
    assert signature("AAAAA", "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"


def test_the_cipher_text_and_its_signature_are_those_of_the_official_example():
    sealed = OFFICIAL.encrypt('{"demo_resp":"good luck"}', prefix=b"707722b803182950")
    expected = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    assert sealed == expected
    assert OFFICIAL.message_signature("1713424427", "415670741", sealed) == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_another_implementation_reads_what_the_emulator_writes_and_the_other_way_round(words: str):
    other = PrpCrypto(base64.b64decode(KEY + "="))
    assert other.decrypt(OFFICIAL.encrypt(words), APPID) == words
    assert OFFICIAL.decrypt(other.encrypt(words, APPID).decode()) == words


@pytest.mark.parametrize(
    ("sealed", "complaint"),
    [
        ("not base64!", "base64"),
        ("", "AES blocks"),
        (base64.b64encode(b"seventeen bytes !").decode(), "AES blocks"),
        # "hello" sealed with another key, and for another account
        ("IDDP8z4h2HW8brLp75FP6Fmv6AHiiAwOV4LZLjuQCCvEHlZL5lBeVd+KMmBhl87W+9BbltD44bISCq38ykiSew==", "padding"),
        ("DcbfdX5v6L1k/lgcgOr0Qy9AJHpCchHprUDC/YiymOBYB0OALH+EGdAcovj1skvdy5MnPFREUwHJ3PSnPomFLA==", "appid"),
    ],
    ids=["no base64", "nothing", "no whole blocks", "another key", "another account"],
)
def test_a_foreign_cipher_text_is_refused_with_the_failed_check(sealed: str, complaint: str):
    with pytest.raises(Undecipherable, match=complaint):
        OFFICIAL.decrypt(sealed)


@pytest.mark.parametrize("key", ["A" * 42, "A" * 44, "A" * 42 + "!"])
def test_a_key_that_is_no_encoding_aes_key_is_refused(key: str):
    with pytest.raises(ValueError, match="EncodingAESKey"):
        Codec(token="AAAAA", aes_key=key, appid=APPID)
