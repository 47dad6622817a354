from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from daemon.log import MASK, PERSONAL, correlation, mask, setup_logging

Read = Callable[[], list[dict[str, object]]]


@pytest.fixture
def read() -> Iterator[Read]:
    """Logs as JSON into memory; gives a function that reads the lines so far. Leaves logging as it was."""
    root, before = logging.getLogger(), logging.getLogger().level
    floors = {n: logging.getLogger(n).level for n in ("apscheduler", "imapclient", "sqlalchemy")}
    show = warnings.showwarning
    out = io.StringIO()
    setup_logging("info", "json", out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    for handler in [h for h in root.handlers if getattr(h, "of_meibod", False)]:
        root.removeHandler(handler)
    root.setLevel(before)
    for name, level in floors.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=False)
    warnings.showwarning = show
    structlog.reset_defaults()


def test_an_event_is_one_json_line_with_time_level_and_fields(read: Read) -> None:
    structlog.get_logger("daemon.x").info("mail stored", mail=118, bytes=20)
    (line,) = read()
    assert list(line)[:3] == ["at", "level", "event"]
    assert (line["event"], line["level"], line["mail"], line["logger"]) == ("mail stored", "info", 118, "daemon.x")


def test_addresses_never_reach_the_log_whoever_writes_them(read: Read) -> None:
    log = structlog.get_logger("x")
    log.info("refused <taro@example.jp>", detail={"why": "no hanako@example.jp here"}, several=["a@b", "ok"])
    logging.getLogger("library").warning("550 %s unknown", "jiro@example.jp")
    shown = json.dumps(read(), ensure_ascii=False)
    assert "@" not in shown
    assert "refused <***>" in shown
    assert "550 *** unknown" in shown


@pytest.mark.parametrize("field", sorted(PERSONAL))
def test_personal_fields_are_blanked_whatever_they_hold(field: str) -> None:
    shown = mask(None, "", {field: "高橋　一郎", "deep": {field.upper(): ["高橋"]}})
    assert shown == {field: MASK, "deep": {field.upper(): MASK}}


def test_a_traceback_names_places_but_no_values(read: Read) -> None:
    try:
        try:
            {}["高橋"]
        except KeyError as error:
            raise ValueError("cannot be read") from error
    except ValueError:
        structlog.get_logger("x").exception("work failed")
    (line,) = read()
    assert line["error"] == "ValueError: cannot be read"
    assert line["because"] == ["KeyError"]
    assert "test_log.py" in str(line["frames"])
    assert "高橋" not in json.dumps(line, ensure_ascii=False)


def test_events_inside_a_correlation_carry_its_ids(read: Read) -> None:
    log = structlog.get_logger("x")
    with correlation(mail=118):
        log.info("inside")
        logging.getLogger("library").error("inside too")
    log.info("outside")
    assert [line.get("mail") for line in read()] == [118, 118, None]


def test_levels_below_the_chosen_one_and_protocol_traces_are_dropped(read: Read) -> None:
    structlog.get_logger("x").debug("too fine")
    logging.getLogger("apscheduler.executors").info("Running job")
    assert read() == []


def test_setting_up_twice_does_not_write_twice(read: Read) -> None:
    again = io.StringIO()
    setup_logging("info", "console", again)
    structlog.get_logger("x").info("once")
    assert again.getvalue().count("once") == 1
    assert read() == []


def test_a_long_text_is_cut_and_bytes_are_counted() -> None:
    shown = mask(None, "", {"a": "あ" * 2000, "b": b"1234", "c": None, "d": True})
    assert len(shown["a"]) < 600
    assert (shown["b"], shown["c"], shown["d"]) == ("<4 bytes>", None, True)


@given(st.text(max_size=60), st.text("abc.日本", min_size=1, max_size=20), st.text(max_size=60))
def test_no_text_with_an_at_sign_survives(before: str, domain: str, after: str) -> None:
    assert "@" not in mask(None, "", {"x": f"{before}@{domain}{after}"})["x"]
