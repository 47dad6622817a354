"""One TOML file in, one frozen `Settings` out; nothing else is looked at, the environment least of all.

Every error begins with its key ("imap.port: …"), all of them are told at once, unknown keys are errors. Passwords
are never in the file: it names a file or a systemd credential that holds them, read when they are needed.
`config/meibod.example.toml` shows every key with unit and default; a test keeps both equal.
"""

from __future__ import annotations

import datetime as dt
import difflib
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from daemon.domain.deadlines import Count, DeadlineRule, Roll
from daemon.domain.model import Course
from daemon.domain.policy import AdminMailRule, FaxAcceptance, HandoverRule, HandoverWay, Policy
from daemon.domain.retention import RetentionRule
from daemon.errors import MeibodError
from daemon.ports import Letterhead

Security = Literal["tls", "starttls", "none"]
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_DEFAULT = Policy()
_DEADLINE = DeadlineRule()
_RETENTION = _DEFAULT.retention
_ADMIN_MAIL = _DEFAULT.admin_mail


def _clock_time(value: object) -> object:
    """Refuse what pydantic would read as seconds since midnight, and times with a zone (all are Asia/Tokyo)."""
    if isinstance(value, (int, float)) or (isinstance(value, dt.time) and value.tzinfo):
        raise ValueError("09:00:00 の形で書いてください (a local time)")
    return value


TimeOfDay = Annotated[dt.time, BeforeValidator(_clock_time)]
"""Hours and minutes in Asia/Tokyo."""


class SettingsError(MeibodError):
    """The configuration cannot be used. Mend the keys named in `messages`; nothing was started."""

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__("\n".join(messages))
        self.messages = list(messages)


class Section(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, str_strip_whitespace=True)


class Service(Section):
    """[service]: this machine."""

    state_directory: Path = Path("/var/lib/meibod")
    """Database, blobs, key; relative paths count from the folder of the file."""
    database_url: str = ""
    """SQLAlchemy URL; "" = SQLite in the state directory."""
    key_file: Path = Path("key")
    """Installation secret; relative to the state directory. Made on first start."""
    key_credential: str = ""
    """systemd credential that holds the secret instead."""
    node_name: str = Field(default="meibod", pattern=r"^[A-Za-z0-9._-]{1,40}$")
    """Tells several machines apart in alarms and in the work queue."""
    templates_directory: Path | None = None
    """Own mail templates in front of ours; absent = none."""

    @field_validator("database_url")
    @classmethod
    def _no_password(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.password or "password" in parse_qs(parts.query):
            raise ValueError(
                "パスワードは書けません。?passfile=… または peer 認証を使ってください (no password in the URL)"
            )
        return url


class OAuth(Section):
    """[imap.oauth], [smtp.oauth]: XOAUTH2 with a refresh token; off while `token_url` is empty."""

    token_url: str = Field(default="", pattern=r"^(https://\S+|http://(localhost|127\.0\.0\.1)(:\d+)?(/\S*)?)?$")
    client_id: str = ""
    client_secret_file: Path | None = None
    client_secret_credential: str = ""
    scope: str = ""
    refresh_token_file: Path | None = None
    """As the provider gave it; a rotated token is kept in the state directory, a new one put here counts again."""

    @property
    def enabled(self) -> bool:
        """Whether tokens are used instead of a password."""
        return bool(self.token_url)

    @model_validator(mode="after")
    def _complete(self) -> OAuth:
        if self.enabled and not (self.client_id and self.refresh_token_file):
            raise ValueError("client_id と refresh_token_file も必要です (needed with token_url)")
        return self


class Server(Section):
    """What [imap] and [smtp] have in common."""

    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65535)
    security: Security
    user: str = ""
    password_file: Path | None = None
    password_credential: str = ""
    ca_file: Path | None = None
    """PEM of an in-house authority, trusted besides the system's."""
    timeout_s: float = Field(default=60.0, gt=0)
    oauth: OAuth = OAuth()

    @model_validator(mode="after")
    def _safe(self) -> Server:
        if self.security == "none" and self.host not in LOOPBACK:
            raise ValueError('security = "none" はこの機械の中だけで使えます (loopback only)')
        if self.oauth.enabled and not self.user:
            raise ValueError("oauth には user が必要です (user is needed with oauth)")
        return self


class Imap(Server):
    """[imap]: the mailbox that is watched, read-only."""

    port: int = Field(default=993, ge=1, le=65535)
    security: Security = "tls"
    password_credential: str = "imap-password"  # noqa: S105 - the name of a credential
    mailbox: str = Field(default="INBOX", min_length=1)
    idle_s: float = Field(default=60.0, ge=1, le=60)
    """Length of one IDLE; every one is followed by a SEARCH (mail.md §0.2)."""
    reconcile_s: float = Field(default=600.0, gt=0)
    """How often `on the server == in the ledger` is proven over the whole mailbox."""
    max_connection_s: float = Field(default=1500.0, gt=0)
    """A connection older than this is rebuilt (RFC 2177: before 29 minutes)."""


class Smtp(Server):
    """[smtp]: where mail is submitted."""

    port: int = Field(default=465, ge=1, le=65535)
    security: Security = "tls"
    password_credential: str = "smtp-password"  # noqa: S105 - the name of a credential
    data_timeout_s: float = Field(default=600.0, ge=60)
    """Wait for the answer to DATA (RFC 5321 §4.5.3.2.6: 10 minutes)."""


class LetterheadSection(Section):
    """[letterhead]: who writes."""

    organisation: str = Field(min_length=1)
    contact: str = Field(min_length=1)
    address: str = Field(pattern=r"^[^\s@<>]+@[A-Za-z0-9.-]+$")
    display_name: str = ""
    """"" = the organisation."""
    fax: str = ""
    domain: str = ""
    """"" = that of the address."""
    plus_addressing: bool = False
    bcc_self: bool = True


class DeadlineSection(Section):
    """[policy.deadline]: 「受講開始１週間前まで」 (domain.md §5)."""

    count: Count = _DEADLINE.count
    roll: Roll = _DEADLINE.roll
    buffer_days: int = Field(default=_DEADLINE.buffer_days, ge=0, le=30)


class RetentionSection(Section):
    """[policy.retention]: how long what is kept (domain.md §6)."""

    enabled: bool = _RETENTION.enabled
    raw_months: int = Field(default=_RETENTION.raw_months, ge=1, le=120)
    until_fiscal_year_end: bool = _RETENTION.until_fiscal_year_end
    register_years: int = Field(default=_RETENTION.register_years, ge=1, le=30)
    notice_days: int = Field(default=_RETENTION.notice_days, ge=1, le=90)


class PolicySection(Section):
    """[policy]: what HQ may choose; the defaults are those of `domain.policy.Policy`."""

    auto_verify_typed: bool = _DEFAULT.auto_verify_typed
    fax_acceptance: FaxAcceptance = _DEFAULT.fax_acceptance
    send_from: TimeOfDay = _DEFAULT.send_from
    send_until: TimeOfDay = _DEFAULT.send_until
    sync_fresh_s: int = Field(default=_DEFAULT.sync_fresh_s, ge=60)
    office_daily_cap: int = Field(default=_DEFAULT.office_daily_cap, ge=1)
    office_daily_receipts: int = Field(default=_DEFAULT.office_daily_receipts, ge=1)
    hourly_cap: int = Field(default=_DEFAULT.hourly_cap, ge=1)
    pace_s: float = Field(default=_DEFAULT.pace_s, ge=0)
    unknown_wait_s: int = Field(default=_DEFAULT.unknown_wait_s, ge=60)
    overdue_needs_approval: bool = _DEFAULT.overdue_needs_approval
    mail_max_attempts: int = Field(default=_DEFAULT.mail_max_attempts, ge=1)
    quarantine_after: int = Field(default=_DEFAULT.quarantine_after, ge=1)
    names_in_reminders: bool = _DEFAULT.names_in_reminders
    follow_up_after_days: int = Field(default=_DEFAULT.follow_up_after_days, ge=1)
    follow_up_every_days: int = Field(default=_DEFAULT.follow_up_every_days, ge=1)
    deadline: DeadlineSection = DeadlineSection()
    retention: RetentionSection = RetentionSection()

    @model_validator(mode="after")
    def _hours(self) -> PolicySection:
        if self.send_from >= self.send_until:
            raise ValueError("send_from は send_until より前にしてください (send_from must be before send_until)")
        return self


class SubmissionSection(Section):
    """[submission]: the checked roster for 中央年金事務所 (PRE6, the chart's ⑦)."""

    courses: tuple[Course, ...] = tuple(Course)
    """Courses it is made for; empty = none."""
    way: HandoverWay = _DEFAULT.handover.way
    to: tuple[Annotated[str, Field(pattern=r"^[^\s@<>]+@[A-Za-z0-9.-]+$")], ...] = ()
    """Addresses of 中央年金事務所; needed for "mail"."""
    title: str = Field(default=_DEFAULT.handover.title, min_length=1)
    needs_approval: bool = _DEFAULT.handover.needs_approval

    @model_validator(mode="after")
    def _reachable(self) -> SubmissionSection:
        if self.way is HandoverWay.MAIL and self.courses and not self.to:
            raise ValueError('way = "mail" のときは to に宛先を書いてください (mail needs an address)')
        return self


class AdminMailSection(Section):
    """[admin_mail]: when a mail from an admin acts."""

    authserv_id: str = Field(default=_ADMIN_MAIL.authserv_id, pattern=r"^[A-Za-z0-9._-]*$")
    """Name under which the receiving server writes Authentication-Results; "" = every mail is asked about."""
    require_authentication: bool = _ADMIN_MAIL.require_authentication
    token_days: int = Field(default=_ADMIN_MAIL.token_days, ge=1, le=60)
    challenge_hours: int = Field(default=_ADMIN_MAIL.challenge_hours, ge=1, le=168)
    challenges_per_day: int = Field(default=_ADMIN_MAIL.challenges_per_day, ge=0, le=100)
    answers_per_day: int = Field(default=_ADMIN_MAIL.answers_per_day, ge=1, le=1000)


class DigestSection(Section):
    """[digest]: the morning mail to the admins."""

    at: TimeOfDay = _DEFAULT.digest_at
    with_names: bool = _DEFAULT.digest_with_names


class MastersSection(Section):
    """[masters]: address book, centres, calendar."""

    folder: Path = Path("masters")


class LogSection(Section):
    """[log]."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Settings(BaseSettings):
    """The whole file, decoded and checked once."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=True)

    service: Service = Service()
    imap: Imap
    smtp: Smtp
    letterhead: LetterheadSection
    policy: PolicySection = PolicySection()
    submission: SubmissionSection = SubmissionSection()
    masters: MastersSection = MastersSection()
    digest: DigestSection = DigestSection()
    admin_mail: AdminMailSection = AdminMailSection()
    log: LogSection = LogSection()

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # the other sources are not looked at
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        **_others: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the caller hands over: no environment, no .env, no secrets folder."""
        return (init_settings,)

    def as_policy(self) -> Policy:
        """[policy] and [digest] as the domain knows them."""
        chosen = self.policy.model_dump(exclude={"deadline", "retention"})
        rule = DeadlineRule(**self.policy.deadline.model_dump())
        kept = RetentionRule(**self.policy.retention.model_dump())
        given = self.submission
        handover = HandoverRule(frozenset(given.courses), given.way, given.to, given.title, given.needs_approval)
        digest = self.digest
        admin_mail = AdminMailRule(**self.admin_mail.model_dump())
        return Policy(
            deadline=rule, retention=kept, handover=handover, admin_mail=admin_mail,
            digest_at=digest.at, digest_with_names=digest.with_names, **chosen,
        )  # fmt: skip

    def as_letterhead(self) -> Letterhead:
        """[letterhead] with what is left empty filled in."""
        given = self.letterhead
        return Letterhead(
            organisation=given.organisation,
            contact=given.contact,
            address=given.address,
            display_name=given.display_name or given.organisation,
            fax=given.fax,
            domain=given.domain or given.address.rpartition("@")[2],
            plus_addressing=given.plus_addressing,
            bcc_self=given.bcc_self,
        )


class _TomlFile(TomlConfigSettingsSource):
    """The file as Windows editors leave it: a byte order mark is forgiven."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        return tomllib.loads(file_path.read_text("utf-8-sig"))


def load_settings(path: Path) -> Settings:
    """Read and check the file; relative paths become absolute. Raises SettingsError with every message."""
    try:
        if not path.is_file():
            raise SettingsError([f"{path}: 設定ファイルがありません (no such file)"])
        table = _TomlFile(Settings, toml_file=path).toml_data
        if odd := sorted(k for k in table if k.startswith("_")):  # pydantic-settings would take them as options
            raise SettingsError([f"{k}: {_JAPANESE['extra_forbidden']} (unknown key)" for k in odd])
        found = Settings(**table)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError([f"{path}: TOML として読めません ({error})"]) from error
    except ValidationError as error:
        raise SettingsError([_message(e) for e in error.errors()]) from error
    return _with_absolute_paths(found, path.resolve().parent)


def _with_absolute_paths(found: Settings, folder: Path) -> Settings:
    service = found.service
    state = folder / service.state_directory
    templates = service.templates_directory
    changed = {
        "state_directory": state,
        "key_file": state / service.key_file,
        "templates_directory": folder / templates if templates else None,
    }
    return Settings(
        service=service.model_copy(update=changed),
        imap=_anchored(found.imap, folder),
        smtp=_anchored(found.smtp, folder),
        letterhead=found.letterhead,
        policy=found.policy,
        submission=found.submission,
        masters=_anchored(found.masters, folder),
        digest=found.digest,
        admin_mail=found.admin_mail,
        log=found.log,
    )


SectionT = TypeVar("SectionT", bound=Section)


def _anchored(section: SectionT, folder: Path) -> SectionT:
    """`section` with every relative path counted from `folder`, sub-tables included."""
    changed: dict[str, object] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Path):
            changed[name] = folder / value
        elif isinstance(value, Section):
            changed[name] = _anchored(value, folder)
    return section.model_copy(update=changed)


# -- what is wrong, in words ----------------------------------------------------------------------------------

_JAPANESE = {
    "missing": "必須の項目がありません",
    "extra_forbidden": "知らない項目です",
    "greater_than_equal": "{ge} 以上にしてください",
    "greater_than": "{gt} より大きくしてください",
    "less_than_equal": "{le} 以下にしてください",
    "literal_error": "{expected} のいずれかにしてください",
    "enum": "{expected} のいずれかにしてください",
    "string_pattern_mismatch": "書き方が正しくありません",
    "string_too_short": "空にはできません",
}
_SECRETS = ("password", "client_secret", "refresh_token", "token", "key")


def _message(error: ErrorDetails) -> str:
    """One line: key, Japanese, then pydantic's English. Values are never shown: one may be a password."""
    key = ".".join(str(step) for step in error["loc"])
    context = error.get("ctx", {})
    if error["type"] == "extra_forbidden":
        return f"{key}: {_unknown(key)} (unknown key)"
    if error["type"] == "value_error":
        return f"{key}: {context['error']}"
    words = _JAPANESE.get(error["type"], "値の種類が正しくありません").format(**context)
    return f"{key}: {words} ({error['msg']})"


def _unknown(key: str) -> str:
    *tables, name = key.split(".")
    if name in _SECRETS:
        return f"秘密の値は設定ファイルに書けません。{name}_file または {name}_credential を使ってください"
    near = difflib.get_close_matches(name, _keys_of(tables), n=1)
    return _JAPANESE["extra_forbidden"] + (f"。{near[0]} のことですか" if near else "")


def _keys_of(tables: Sequence[str]) -> list[str]:
    model: Any = Settings
    for table in tables:
        inner = model.model_fields.get(table)
        model = getattr(inner, "annotation", None)
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return []
    return list(model.model_fields)


# -- secrets --------------------------------------------------------------------------------------------------


def credentials_directory() -> Path | None:
    """Where systemd puts LoadCredential= files; None outside a unit."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(folder) if folder else None


def read_secret(key: str, file: Path | None, credential: str, credentials: Path | None) -> str:
    """The secret `key` speaks of: from `file`, else from the credential. Raises SettingsError; never logs a value."""
    path = file if file is not None else credentials / credential if credentials and credential else None
    if path is None:
        raise SettingsError([f"{key}: {key.rpartition('.')[2]}_file も資格情報もありません (no secret configured)"])
    try:
        if path.stat().st_mode & 0o007:
            raise SettingsError([f"{key}: 誰でも読めるファイルです。chmod o-rwx {path} を実行してください"])
        secret = path.read_text("utf-8-sig").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{key}: {path} を読めません ({type(error).__name__})"]) from error
    if not secret:
        raise SettingsError([f"{key}: {path} が空です (empty)"])
    return secret


def password_of(section: str, server: Server, credentials: Path | None) -> str:
    """Password of [imap] or [smtp]; "" when the server needs none (no user)."""
    if not server.user:
        return ""
    return read_secret(f"{section}.password", server.password_file, server.password_credential, credentials)
