from __future__ import annotations

import dataclasses
import datetime as dt
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from daemon.domain.deadlines import Count, DeadlineRule, Roll
from daemon.domain.policy import FaxAcceptance, Policy
from daemon.settings import Settings, SettingsError, load_settings, password_of, read_secret

EXAMPLE = Path(__file__).parents[3] / "config" / "meibod.example.toml"
LEAST = """
[imap]
host = "imap.example.jp"
user = "meibo@example.jp"
[smtp]
host = "smtp.example.jp"
[letterhead]
organisation = "連合会"
contact = "研修担当"
address = "meibo@example.jp"
"""
TO_BE_CHANGED = {
    "imap.host",
    "imap.user",
    "smtp.host",
    "letterhead.organisation",
    "letterhead.contact",
    "letterhead.address",
}


def load(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "meibod.toml"
    file.write_text(text, "utf-8")
    return load_settings(file)


def wrong(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    return caught.value.messages


def keys_of(model: type[BaseModel], before: str = "") -> dict[str, object]:
    """Every leaf key of the settings with its default."""
    found: dict[str, object] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= keys_of(kind, f"{before}{name}.")
        else:
            found[before + name] = field.default
    return found


def keys_in(table: dict[str, object], before: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in table.items():
        found |= keys_in(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return found


def with_commented_keys() -> dict[str, object]:
    """The example as if the keys that are off by default were on."""
    text = re.sub(r"^#(?=[a-z_]+ = )", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    return keys_in(tomllib.loads(text))


def test_the_example_loads() -> None:
    found = load_settings(EXAMPLE)
    assert found.as_policy() == Policy()
    assert found.masters.folder == EXAMPLE.parent / "masters"


def test_the_example_lists_every_key_and_no_other() -> None:
    assert set(with_commented_keys()) == set(keys_of(Settings))


def test_the_values_of_the_example_are_the_defaults_of_the_code() -> None:
    shown = keys_in(tomllib.loads(EXAMPLE.read_text("utf-8")))
    defaults = {k: v for k, v in keys_of(Settings).items() if k not in TO_BE_CHANGED}
    defaults = {k: [str(item) for item in v] if isinstance(v, tuple) else v for k, v in defaults.items()}
    differing = {k: (shown[k], v) for k, v in defaults.items() if k in shown and shown[k] != v and shown[k] != str(v)}
    assert differing == {}
    assert {k for k in defaults if k not in shown and defaults[k] is not None} == set()


def test_only_keys_marked_for_change_have_no_usable_default() -> None:
    needed = {k for k, v in keys_of(Settings).items() if v is PydanticUndefined}
    assert needed <= TO_BE_CHANGED


def test_every_choice_of_the_policy_can_be_made_in_the_file() -> None:
    text = """
[policy]
auto_verify_typed = false
fax_acceptance = "agreement"
send_from = 10:00:00
send_until = 16:00:00
sync_fresh_s = 61
office_daily_cap = 7
office_daily_receipts = 8
hourly_cap = 9
pace_s = 0.5
unknown_wait_s = 62
overdue_needs_approval = false
mail_max_attempts = 4
quarantine_after = 5
names_in_reminders = true
follow_up_after_days = 15
follow_up_every_days = 10
[policy.deadline]
count = "plain"
roll = "next"
buffer_days = 2
[policy.retention]
raw_months = 12
[submission]
courses = ["beginner"]
way = "mail"
to = ["chuo@example.jp"]
needs_approval = false
[digest]
at = 07:45:00
with_names = true
[admin_mail]
authserv_id = "mx.example.jp"
"""
    table = tomllib.loads(LEAST + text)
    default, rule = Policy(), DeadlineRule(Count.PLAIN, Roll.NEXT, 2)
    from daemon.settings import Settings as Model

    chosen = Model(**table).as_policy()
    same = [f.name for f in dataclasses.fields(Policy) if getattr(chosen, f.name) == getattr(default, f.name)]
    assert same == []
    assert (chosen.deadline, chosen.fax_acceptance) == (rule, FaxAcceptance.AGREEMENT)
    assert chosen.digest_at == dt.time(7, 45)


def test_the_least_file_is_enough(tmp_path: Path) -> None:
    found = load(tmp_path, LEAST)
    assert found.service.key_file == Path("/var/lib/meibod/key")
    head = found.as_letterhead()
    assert (head.display_name, head.domain, head.bcc_self) == ("連合会", "example.jp", True)


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    text = '[service]\nstate_directory = "state"\ntemplates_directory = "words"\n[masters]\nfolder = "m"\n' + LEAST
    found = load(tmp_path, text.replace("[smtp]", '[smtp]\npassword_file = "pw"'))
    assert found.service.key_file == tmp_path / "state" / "key"
    assert found.service.templates_directory == tmp_path / "words"
    assert found.masters.folder == tmp_path / "m"
    assert found.smtp.password_file == tmp_path / "pw"


def test_settings_are_frozen(tmp_path: Path) -> None:
    found = load(tmp_path, LEAST)
    with pytest.raises(ValueError, match="frozen"):
        found.imap.port = 1
    with pytest.raises(ValueError, match="frozen"):
        found.imap = found.imap


def test_a_byte_order_mark_is_forgiven(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeff" + LEAST).imap.host == "imap.example.jp"


def test_all_problems_are_told_at_once_each_beginning_with_its_key(tmp_path: Path) -> None:
    text = LEAST.replace('[imap]\nhost = "imap.example.jp"', "[imap]\nport = 99999") + '[log]\nlevel = "loud"\n'
    messages = wrong(tmp_path, text)
    assert {m.split(":")[0] for m in messages} == {"imap.host", "imap.port", "log.level"}


def test_an_unknown_key_is_an_error_and_the_nearest_one_is_named(tmp_path: Path) -> None:
    assert wrong(tmp_path, LEAST.replace("[imap]", "[imap]\nprot = 1")) == [
        "imap.prot: 知らない項目です。port のことですか (unknown key)"
    ]
    assert wrong(tmp_path, LEAST + "[imp]\nx = 1\n")[0].startswith("imp: ")


@pytest.mark.parametrize("key", ["_env_file", "_secrets_dir", "folder"])
def test_keys_the_library_would_take_for_itself_are_unknown_too(tmp_path: Path, key: str) -> None:
    assert wrong(tmp_path, f'{key} = "x"\n' + LEAST)[0].startswith(f"{key}: ")


def test_a_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    text = LEAST.replace(
        "[imap]", '[service]\ndatabase_url = "postgresql://u:hunter2@h/d"\n[imap]\npassword = "hunter2"'
    )
    messages = wrong(tmp_path, text)
    assert [m.split(":")[0] for m in messages] == ["service.database_url", "imap.password"]
    assert "password_file" in messages[1]
    assert "hunter2" not in "".join(messages)


def test_the_environment_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAP", '{"host": "evil.example.jp"}')
    monkeypatch.setenv("IMAP__HOST", "evil.example.jp")
    monkeypatch.setenv("LOG", '{"level": "debug"}')
    found = load(tmp_path, LEAST)
    assert (found.imap.host, found.log.level) == ("imap.example.jp", "info")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[policy]\nsend_from = 900\n", "policy.send_from"),
        ("[policy]\nsend_from = 18:00:00\n", "policy"),
        ('[digest]\nat = "25:00"\n', "digest.at"),
        ("[policy]\npace_s = -1\n", "policy.pace_s"),
        ("[policy.deadline]\nbuffer_days = 99\n", "policy.deadline.buffer_days"),
        ('[service]\nnode_name = "a b"\n', "service.node_name"),
        ('[imap.oauth]\ntoken_url = "https://login.example.jp/token"\n', "imap.oauth"),
        ('[imap.oauth]\ntoken_url = "http://login.example.jp/token"\n', "imap.oauth.token_url"),
    ],
)
def test_a_value_out_of_range_is_refused_under_its_key(tmp_path: Path, text: str, key: str) -> None:
    assert [m.split(":")[0] for m in wrong(tmp_path, LEAST + text)] == [key]


def test_mail_without_encryption_stays_on_this_machine(tmp_path: Path) -> None:
    remote = LEAST.replace('host = "smtp.example.jp"', 'host = "smtp.example.jp"\nsecurity = "none"')
    local = LEAST.replace('host = "smtp.example.jp"', 'host = "127.0.0.1"\nsecurity = "none"')
    assert wrong(tmp_path, remote)[0].startswith("smtp: ")
    assert load(tmp_path, local).smtp.security == "none"


@pytest.mark.parametrize("content", [b"[imap", b"\xff\xfe", b"a = 1\na = 2"])
def test_a_file_that_is_no_toml_is_one_message(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert len(caught.value.messages) == 1
    assert str(file) in str(caught.value)


def test_a_missing_file_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no such file"):
        load_settings(tmp_path / "none.toml")


# -- secrets ---------------------------------------------------------------------------------------------------


def secret(path: Path, text: str = "pa ss\n", mode: int = 0o600) -> Path:
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def test_a_secret_comes_from_its_file_before_the_credential(tmp_path: Path) -> None:
    file = secret(tmp_path / "own")
    secret(tmp_path / "imap-password", "other")
    assert read_secret("imap.password", file, "imap-password", tmp_path) == "pa ss"
    assert read_secret("imap.password", None, "imap-password", tmp_path) == "other"


@pytest.mark.parametrize(("text", "mode"), [("", 0o600), ("x", 0o604)])
def test_an_empty_or_public_secret_is_refused_under_its_key(tmp_path: Path, text: str, mode: int) -> None:
    with pytest.raises(SettingsError, match=r"^imap\.password: "):
        read_secret("imap.password", secret(tmp_path / "x", text, mode), "", None)


def test_no_secret_at_all_is_refused_under_its_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^smtp\.password: .*password_file"):
        read_secret("smtp.password", None, "smtp-password", None)
    with pytest.raises(SettingsError, match=r"^smtp\.password: "):
        read_secret("smtp.password", None, "smtp-password", tmp_path)


def test_a_server_without_user_needs_no_password(tmp_path: Path) -> None:
    found = load(tmp_path, LEAST)
    assert password_of("smtp", found.smtp, None) == ""
    secret(tmp_path / "imap-password")
    assert password_of("imap", found.imap, tmp_path) == "pa ss"
