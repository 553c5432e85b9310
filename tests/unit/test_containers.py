"""The image and the compose file, checked as far as a machine without a container engine can."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values

from bot.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
KNOWN = {PREFIX + name.upper() for name in Settings.model_fields}
VARIABLE = re.compile(r"\$\{(\w+)(:[?-])?([^}]*)\}")
OURS = ("bot", "worker", "migrate")
SECRETS = ("SECRET", "PASSWORD", "TOKEN", "AES_KEY", "AUTH")


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def compose(text: str) -> dict[str, Any]:
    return yaml.safe_load(text)


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return compose["services"]


@pytest.fixture(scope="module")
def dockerfile() -> list[str]:
    joined = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def test_the_whole_system_is_there(services: dict[str, Any]) -> None:
    assert set(services) == {"migrate", "bot", "worker", "postgres", "valkey"}
    assert services["postgres"]["image"] == "postgres:16"
    assert services["valkey"]["image"] == "valkey/valkey:8"


def test_only_keys_that_compose_knows_are_used(compose: dict[str, Any], services: dict[str, Any]) -> None:
    assert {key for key in compose if not key.startswith("x-")} == {"name", "services", "volumes"}
    known = {"image", "build", "init", "read_only", "tmpfs", "cap_drop", "security_opt", "stop_grace_period"}
    known |= {"environment", "volumes", "command", "restart", "healthcheck", "depends_on", "ports"}
    for service in services.values():
        assert set(service) <= known


def test_every_image_has_a_tag_that_names_a_version(services: dict[str, Any], dockerfile: list[str]) -> None:
    bases = [line.split()[1] for line in dockerfile if line.startswith("FROM")]
    for image in [service["image"] for service in services.values()] + bases:
        assert re.search(r":\d", image), image


def test_every_service_that_stays_has_a_health_check_and_comes_back(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if name == "migrate":
            assert service["restart"] == "no"
            continue
        check = service["healthcheck"]
        assert check["test"][0] in {"CMD", "CMD-SHELL"}
        assert {"interval", "timeout", "retries", "start_period"} <= set(check)
        assert service["restart"] == "unless-stopped"


def test_nobody_starts_before_what_they_stand_on(services: dict[str, Any]) -> None:
    for name in ("bot", "worker"):
        assert {key: value["condition"] for key, value in services[name]["depends_on"].items()} == {
            "migrate": "service_completed_successfully",
            "postgres": "service_healthy",
            "valkey": "service_healthy",
        }
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_every_setting_is_one_we_know_and_none_is_forgotten(services: dict[str, Any]) -> None:
    for name in OURS:
        given = {key for key in services[name]["environment"] if key.startswith(PREFIX)}
        assert given <= KNOWN
        assert KNOWN - given == {f"{PREFIX}WECHAT_API_BASE"}, "a new setting belongs into the compose file"


def test_no_secret_is_written_down(text: str, services: dict[str, Any]) -> None:
    for service in services.values():
        for key, value in service.get("environment", {}).items():
            if any(word in key for word in SECRETS):
                assert VARIABLE.fullmatch(value), f"{key} must come from the environment"
            for login in re.findall(r"://[^:/]*:([^@]*)@", value):
                assert VARIABLE.fullmatch(login)
    demanded = {name for name, operator, _ in VARIABLE.findall(text) if operator == ":?"}
    assert demanded == {
        "POSTGRES_PASSWORD",
        "VALKEY_PASSWORD",
        "ZHENYUE_SECRET_KEY",
        *(f"{PREFIX}WECHAT_{name}" for name in ("APPID", "SECRET", "TOKEN", "AES_KEY")),
    }


def test_with_the_demanded_variables_given_the_settings_are_complete(
    services: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        "POSTGRES_PASSWORD": "pg1",
        "VALKEY_PASSWORD": "vk1",
        "ZHENYUE_SECRET_KEY": base64.b64encode(bytes(32)).decode(),
        "ZHENYUE_WECHAT_APPID": "wx0123456789abcdef",
        "ZHENYUE_WECHAT_SECRET": "s",
        "ZHENYUE_WECHAT_TOKEN": "token123",
        "ZHENYUE_WECHAT_AES_KEY": "A" * 43,
    }

    def substituted(match: re.Match[str]) -> str:
        return given.get(match[1], match[3] if match[2] == ":-" else "")

    for key, value in services["bot"]["environment"].items():
        monkeypatch.setenv(key, VARIABLE.sub(substituted, value))
    settings = Settings(_env_file=None)
    assert settings.database_url == "postgresql+asyncpg://zhenyue:pg1@postgres:5432/zhenyue"
    assert settings.redis_url == "redis://:vk1@valkey:6379/0"
    assert settings.wechat_mode == "secure"
    assert settings.port == 8080


def test_what_must_last_lies_in_named_volumes(compose: dict[str, Any], services: dict[str, Any]) -> None:
    mounts = {name: dict([mount.split(":")[:2]]) for name in services for mount in services[name]["volumes"]}
    assert mounts["postgres"] == {"postgres": "/var/lib/postgresql/data"}
    assert mounts["valkey"] == {"valkey": "/data"}
    assert mounts["bot"] == mounts["worker"] == {"data": "/data"}
    assert set(compose["volumes"]) == {"data", "postgres", "valkey"}


def test_valkey_keeps_what_it_is_told_and_never_evicts(services: dict[str, Any]) -> None:
    command = " ".join(services["valkey"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    assert '--requirepass "$$REDISCLI_AUTH"' in command


def test_our_containers_run_without_root_and_without_rights(services: dict[str, Any], dockerfile: list[str]) -> None:
    (user,) = [line.split()[1] for line in dockerfile if line.startswith("USER")]
    assert not user.startswith(("0", "root"))
    final = dockerfile[[index for index, line in enumerate(dockerfile) if line.startswith("FROM")][-1] :]
    assert f"USER {user}" in final
    for name in OURS:
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["read_only"] is True
        assert services[name]["init"] is True


def test_the_commands_of_the_containers_exist(services: dict[str, Any], dockerfile: list[str]) -> None:
    from bot.cli import COMMANDS

    for name in OURS:
        assert services[name]["command"][0] in COMMANDS
    assert 'ENTRYPOINT ["zhenyue"]' in dockerfile
    assert 'CMD ["serve"]' in dockerfile


def test_nobody_outside_reaches_anything_but_the_bot_on_loopback(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"bot": ["127.0.0.1:8080:8080"]}


def test_the_image_installs_only_pinned_and_hashed_packages(dockerfile: list[str]) -> None:
    installs = [line for line in dockerfile if "pip install" in line]
    assert len(installs) == 2
    assert installs[0].count("--require-hashes") == 2
    assert "--no-deps --no-build-isolation" in installs[1]
    for name in ("requirements.txt", "requirements-uv.txt"):
        pinned = (ROOT / name).read_text().count("==")
        assert 0 < pinned <= (ROOT / name).read_text().count("--hash=sha256:")


def test_the_image_has_a_health_check_and_every_package(dockerfile: list[str]) -> None:
    assert any(line.startswith("HEALTHCHECK") and "/readyz" in line for line in dockerfile)
    copied = {line.split()[1] for line in dockerfile if line.startswith("COPY") and "--from" not in line}
    assert {"bot", "booking", "emulator", "handlers", "storage", "pyproject.toml"} <= copied


def test_the_builder_is_sent_neither_secrets_nor_data() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    sent = {line[1:] for line in lines if line.startswith("!")}
    assert not sent & {".env", "data", ".git", "tests", ".venv"}


def test_the_example_of_settings_names_every_one_and_holds_no_value_that_is_secret() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = dotenv_values(stream=io.StringIO(re.sub(r"(?m)^#(?=[A-Z_]+=)", "", example)))
    assert {name for name in shown if name.startswith(PREFIX)} == KNOWN
    assert all(not value for name, value in shown.items() if any(word in name for word in SECRETS))
