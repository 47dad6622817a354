"""Who vouches for the author of a mail: only our own server, and only for the author's domain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.mail.authentication import Verdict, author_verdict

OURS, AUTHOR = "mx.hq.example.jp", "kanri@hq.example.jp"


def verdict(header: str, authserv_id: str = OURS, author: str = AUTHOR) -> Verdict:
    return author_verdict(header, authserv_id, author)


@pytest.mark.parametrize(
    "header",
    [
        f"{OURS}; dmarc=pass header.from=hq.example.jp",
        f"{OURS}; dmarc=pass (p=reject dis=none) header.from=hq.example.jp",
        f"{OURS} 1; dkim=pass (2048-bit key) header.d=hq.example.jp header.i=@hq.example.jp; spf=none",
        f"{OURS};\r\n dkim=pass header.i=@example.jp header.s=2026",
        f"{OURS.upper()}; spf=pass smtp.mailfrom=kanri@hq.example.jp",
        f"{OURS}; dkim=fail header.d=list.example.org; dkim=pass header.d=hq.example.jp",
        f'{OURS}; spf=pass reason="a; b" smtp.mailfrom=hq.example.jp',
    ],
)
def test_what_our_server_aligned_with_the_author_passes(header: str) -> None:
    assert verdict(header) is Verdict.PASSED


@pytest.mark.parametrize(
    "header",
    [
        "",
        "mx.evil.example; dmarc=pass header.from=hq.example.jp",
        f"{OURS}.evil.example; dmarc=pass header.from=hq.example.jp",
        f"{OURS}; dkim=pass header.d=evil.example",
        f"{OURS}; spf=pass smtp.mailfrom=evil.example",
        f"{OURS}; spf=pass smtp.mailfrom=hq.example.jp.evil.example",
        f"{OURS}; dkim=pass header.d=evilhq.example.jp",
        f"{OURS}; dkim=pass header.d=sub.hq.example.jp",
        f"{OURS}; dkim=pass header.d=jp",
        f"{OURS}; dmarc=pass header.from=example.jp",
        f"{OURS}; dmarc=none header.from=hq.example.jp",
        f"{OURS}; none",
        f"{OURS}; x-dkim=pass header.d=hq.example.jp",
        f"{OURS}; spf=none (dkim=pass header.d=hq.example.jp)",
        f"{OURS}; spf=none (nested (dkim=pass; dmarc=pass header.from=hq.example.jp)",
        f'{OURS}; spf=none reason="x; dmarc=pass header.from=hq.example.jp"',
        f'{OURS}; spf=none reason="x\\"; dmarc=pass header.from=hq.example.jp"',
        f"(comment; {OURS}; dmarc=pass header.from=hq.example.jp",
    ],
)
def test_anything_else_is_no_proof(header: str) -> None:
    assert verdict(header) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "results",
    ["dmarc=fail header.from=hq.example.jp", "dkim=fail header.d=hq.example.jp", "spf=fail smtp.mailfrom=evil.example",
     "spf=pass smtp.mailfrom=hq.example.jp; dmarc=fail header.from=hq.example.jp"],
)  # fmt: skip
def test_a_server_that_says_no_is_believed(results: str) -> None:
    assert verdict(f"{OURS}; {results}") is Verdict.FAILED


def test_without_a_trusted_server_nothing_is_proven() -> None:
    assert verdict(f"{OURS}; dmarc=pass header.from=hq.example.jp", authserv_id="") is Verdict.UNKNOWN
    assert verdict(f"{OURS}; dmarc=pass header.from=", author="") is Verdict.UNKNOWN


@given(st.text(alphabet=st.sampled_from('abc;=()"\\ .\r\n\tdkimspfpass')), st.text(max_size=20))
def test_no_text_without_the_authors_domain_passes(rest: str, tail: str) -> None:
    assert verdict(f"{OURS}; {rest}{tail}") is not Verdict.PASSED or "hq.example.jp" in (rest + tail)
