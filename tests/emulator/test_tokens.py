"""Access tokens as the platform hands them out and refuses them."""

from emulator.client import EmulatorClient

CREDENTIALS = {
    "grant_type": "client_credential",
    "appid": "wx0123456789abcdef",
    "secret": "0123456789abcdef0123456789abcdef",
}


async def test_the_stable_token_is_the_same_until_it_is_forced(api):
    first = await api.token()
    assert await api.token() == first
    forced = await api.token(force=True)
    assert forced != first
    assert (await api.get("menu/get"))["errcode"] == 46003
    api.value = first
    assert (await api.get("menu/get"))["errcode"] == 40001


async def test_near_its_end_a_stable_token_is_replaced_and_both_work(api, wechat: EmulatorClient):
    old = await api.token()
    await wechat.shift_clock(7200 - 100)
    new = await api.token()
    assert new != old
    for token in (old, new):
        api.value = token
        assert (await api.get("menu/get"))["errcode"] == 46003


async def test_a_legacy_token_replaces_the_one_before_after_five_minutes(api, wechat: EmulatorClient):
    first = (await api.raw("GET", "token", None, token=False, **CREDENTIALS))["access_token"]
    second = (await api.raw("GET", "token", None, token=False, **CREDENTIALS))["access_token"]
    api.value = first
    assert (await api.get("menu/get"))["errcode"] == 46003
    await wechat.shift_clock(301)
    assert (await api.get("menu/get"))["errcode"] == 42001
    api.value = second
    assert (await api.get("menu/get"))["errcode"] == 46003


async def test_an_expired_token_is_told_from_an_unknown_one(api, wechat: EmulatorClient):
    await api.token()
    await wechat.tokens("expire")
    assert (await api.get("menu/get"))["errcode"] == 42001
    await api.token()
    await wechat.tokens("revoke")
    assert (await api.get("menu/get"))["errcode"] == 40001
    api.value = "nonsense"
    assert (await api.get("menu/get"))["errcode"] == 40001
    assert (await api.raw("GET", "menu/get", None, token=False))["errcode"] == 41001


async def test_wrong_credentials_are_refused_by_name(api):
    async def attempt(**change: str) -> int:
        return (await api.raw("POST", "stable_token", CREDENTIALS | change, token=False))["errcode"]

    assert await attempt(appid="wxffffffffffffffff") == 40013
    assert await attempt(secret="wrong") == 40125
    assert await attempt(grant_type="password") == 40002
    assert await attempt(appid="") == 41002
    assert await attempt(secret="") == 41004


async def test_a_refusal_is_http_200_and_ends_with_a_request_id(api):
    answer = await api.raw("GET", "menu/get", None, token=False)
    assert " rid: " in answer["errmsg"]


async def test_the_log_hides_tokens_and_secrets(api, wechat: EmulatorClient):
    token = await api.token()
    await api.get("menu/get")
    logged = str(await wechat.calls())
    assert token not in logged
    assert CREDENTIALS["secret"] not in logged
