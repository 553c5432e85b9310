"""Settings of an emulator that cannot work are refused with a remedy."""

import pytest

from emulator.config import EmulatorConfig
from emulator.state import openid_for

GOOD = {"webhook_url": "http://127.0.0.1:8080/wechat", "token": "Token123", "aes_key": "a" * 43}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"host": "0.0.0.0"}, "loopback only"),  # noqa: S104 that it is refused is the point
        ({"host": "192.168.1.5"}, "loopback only"),
        ({"host": "example.com"}, "loopback only"),
        ({"webhook_url": "localhost:8080"}, "no web address"),
        ({"webhook_url": "http://"}, "no web address"),
        ({"webhook_url": "http://127.0.0.1:99999/"}, "no web address"),
        ({"token": "no"}, "token must be"),
        ({"token": "white space"}, "token must be"),
        ({"aes_key": ""}, "43"),
        ({"aes_key": "a" * 42}, "42"),
        ({"aes_key": "+" * 43}, "43"),
        ({"mode": "safe"}, "secure, compatible or plain"),
        ({"port": 70000}, "port"),
        ({"appid": "clinic"}, "wx"),
        ({"answer_seconds": 0}, "positive"),
        ({"attempts": 0}, "at least 1"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(change: dict, complaint: str):
    with pytest.raises(ValueError, match=complaint):
        EmulatorConfig(**(GOOD | change))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_every_address_of_this_machine_is_accepted(host: str):
    assert EmulatorConfig(**GOOD, host=host).host == host


def test_plain_mode_needs_no_key():
    assert EmulatorConfig(webhook_url=GOOD["webhook_url"], token="Token123", mode="plain").aes_key == ""


def test_missing_credentials_are_made_up_and_openids_outlive_a_restart():
    first, second = EmulatorConfig(**GOOD), EmulatorConfig(**GOOD)
    assert first.secret != second.secret
    assert first.account_id.startswith("gh_")
    assert openid_for(first.appid, "小明") == openid_for(second.appid, "小明")
