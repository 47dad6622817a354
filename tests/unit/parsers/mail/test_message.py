"""`read_message`: body, attachments, paths, kinds that people write."""

import pytest

from parsers.findings import MessageKind, Problem
from tests.unit.parsers.mail.letters import (
    XLSX,
    attached,
    mail,
    multipart,
    nested,
    part,
    read,
    said,
    text,
    with_parts,
)

PNG = b"\x89PNG" + b"x" * 4000
PHOTO = b"\xff\xd8" + b"x" * 200_000


def codes(raw: bytes) -> set[Problem]:
    return {n.code for n in read(raw).notes}


def test_a_return_has_its_attachment_bytes_and_name_exactly() -> None:
    found = read(
        with_parts("Subject: =?UTF-8?B?5ZCN57C/?=", "mixed", text("名簿を返送いたします。"), attached("a b.xlsx"))
    )
    assert found.message.kind is MessageKind.RETURN
    assert found.message.subject == "名簿"
    assert [(p.path, p.name, p.data) for p in found.parts] == [("2/a b.xlsx", "a b.xlsx", XLSX)]
    listed = found.message.attachments[0]
    assert (listed.bytes, listed.media, listed.part) == (len(XLSX), "application/octet-stream", "2/a b.xlsx")
    assert found.notes == ()


def test_header_fields_are_told() -> None:
    raw = said(
        "x",
        "Date: Wed, 1 Apr 2026 10:00:00 +0900 (JST)\nMessage-ID: <Ab.1@Pref.example>\nTo: A <HQ+t0k@hq.example>\n"
        "Cc: b@hq.example\nAuthentication-Results: mx.hq.example; spf=pass\nAuthentication-Results: other; spf=fail",
        sender="佐藤 <A.Sato@Pref.example>",
    )
    found = read(raw).message
    assert (found.sender, found.sender_name) == ("a.sato@pref.example", "佐藤")
    assert found.sent_at == "2026-04-01T10:00:00+09:00"
    assert found.message_id == "<Ab.1@Pref.example>"
    assert found.recipients == ("hq+t0k@hq.example", "b@hq.example")
    assert found.authentication == "mx.hq.example; spf=pass"
    assert found.tokens.plus == ("t0k",)
    assert not found.asks_no_reply
    assert found.authors == ("a.sato@pref.example",)


@pytest.mark.parametrize(
    ("date", "iso"),
    [
        ("Wed, 1 Apr 2026 10:00:00 -0000", "2026-04-01T10:00:00+00:00"),
        ("1 Apr 26 10:00 +0900", "2026-04-01T10:00:00+09:00"),
        ("garbage", ""),
        ("Wed, 99 Apr 2026 10:00:00 +0900", ""),
        ("Wed, 1 Apr 2026 10:00:00 +9999", ""),
    ],
)
def test_an_unusable_date_is_empty(date: str, iso: str) -> None:
    assert read(said("x", f"Date: {date}")).message.sent_at == iso


def test_a_reply_without_attachment_is_a_reply() -> None:
    assert read(said("了解しました。", "Subject: Re: x")).message.kind is MessageKind.REPLY


@pytest.mark.parametrize("disposition", ["", "\nContent-Disposition: inline", "\nContent-Disposition: attachment"])
def test_a_pdf_counts_whatever_its_disposition_says(disposition: str) -> None:
    pdf = part(f"Content-Type: application/pdf{disposition}", b"%PDF-1.7", encode=True)
    found = read(with_parts("Subject: scan", "mixed", text(""), pdf))
    assert found.message.kind is MessageKind.RETURN
    assert found.parts[0].path == "2"
    assert found.parts[0].name == "part-2.pdf"


def test_a_mail_that_is_nothing_but_a_pdf_is_a_return() -> None:
    found = read(
        mail(
            "Subject: scan\nContent-Type: application/pdf; name=scan.pdf\nContent-Transfer-Encoding: base64", "JVBERg=="
        )
    )
    assert found.message.kind is MessageKind.RETURN
    assert [(p.path, p.data) for p in found.parts] == [("1/scan.pdf", b"%PDF")]


def test_a_logo_in_the_signature_is_listed_but_makes_no_return() -> None:
    html = part("Content-Type: text/html", '<p>承知しました</p><img src="cid:logo@1">')
    logo = part("Content-Type: image/png; name=logo.png\nContent-ID: <logo@1>", PNG, encode=True)
    found = read(with_parts("Subject: Re: x", "related", html, logo))
    assert found.message.kind is MessageKind.REPLY
    assert found.message.said == "承知しました"
    assert [a.name for a in found.message.attachments] == ["logo.png"]


def test_a_logo_beside_a_roster_does_not_hide_it() -> None:
    logo = part(
        "Content-Type: image/png; name=logo.png\nContent-Disposition: inline\nContent-ID: <l>", PNG, encode=True
    )
    found = read(with_parts("Subject: x", "mixed", text("a"), logo, attached()))
    assert found.message.kind is MessageKind.RETURN
    assert [p.name for p in found.parts] == ["logo.png", "roster.xlsx"]


def test_a_photograph_pasted_into_the_text_may_be_a_roster() -> None:
    html = part("Content-Type: text/html", '<img src="cid:p">')
    photo = part("Content-Type: image/jpeg; name=p.jpg\nContent-ID: <p>", PHOTO, encode=True)
    assert read(with_parts("Subject: x", "related", html, photo)).message.kind is MessageKind.RETURN


@pytest.mark.parametrize(
    ("media", "name"),
    [("text/x-vcard", "sato.vcf"), ("application/pkcs7-signature", "smime.p7s"), ("text/calendar", "invite.ics"),
     ("text/plain", "ATT00001.txt")],
)  # fmt: skip
def test_visiting_cards_and_signatures_make_no_return(media: str, name: str) -> None:
    found = read(with_parts("Subject: x", "mixed", text("了解です。"), attached(name, b"x", media)))
    assert found.message.kind is MessageKind.REPLY
    assert len(found.message.attachments) == 1


def test_an_attached_mail_is_one_part_marked_as_message() -> None:
    inner = with_parts("Subject: =?UTF-8?B?5ZCN57C/?=", "mixed", text("x"), attached()).replace(b"=_edge", b"=_in")
    found = read(with_parts("Subject: Fw: x", "mixed", text("転送します"), part("Content-Type: message/rfc822", inner)))
    assert found.message.kind is MessageKind.RETURN
    assert [(p.path, p.name, p.is_message) for p in found.parts] == [("2", "名簿.eml", True)]
    again = read(found.parts[0].data)
    assert [p.path for p in again.parts] == ["2/roster.xlsx"]


def test_an_attached_mail_in_base64_is_decoded() -> None:
    inner = said("中身", "Subject: inner")
    head = 'Content-Type: message/rfc822; name="inner.eml"\nContent-Disposition: attachment'
    found = read(with_parts("Subject: x", "mixed", text("a"), part(head, inner, encode=True)))
    assert read(found.parts[0].data).message.said == "中身"


def test_nested_sections_are_numbered_as_imap_counts() -> None:
    body = nested("alternative", text("本文"), part("Content-Type: text/html", "<b>本文</b>"))
    mixed = nested("mixed", text("x"), attached("deep.pdf"), boundary="=_deep")
    found = read(with_parts("Subject: x", "mixed", body, mixed, attached("b.pdf")))
    assert [p.path for p in found.parts] == ["2.2/deep.pdf", "3/b.pdf"]
    assert found.message.said == "本文\nx"


def test_text_on_both_sides_of_an_attachment_is_read() -> None:
    found = read(with_parts("Subject: x", "mixed", text("前"), attached("a.pdf"), text("後")))
    assert found.message.said == "前\n後"


def test_an_empty_plain_alternative_gives_way_to_html() -> None:
    raw = with_parts(
        "Subject: x", "alternative", text("\n"), part("Content-Type: text/html; charset=utf-8", "<p>承知</p>")
    )
    assert read(raw).message.said == "承知"


def test_a_text_with_a_name_is_text_and_attachment() -> None:
    found = read(mail('Subject: x\nContent-Type: text/plain; charset=utf-8; name="body.txt"', "承知しました"))
    assert found.message.said == "承知しました"
    assert len(found.parts) == 1


def test_a_table_as_text_is_an_attachment_only() -> None:
    csv = part('Content-Type: text/plain; charset=shift_jis; name="r.csv"', "山田".encode("cp932"))
    found = read(with_parts("Subject: x", "mixed", text("送ります"), csv))
    assert found.message.said == "送ります"
    assert found.parts[0].data == "山田".encode("cp932")


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_line_ends_of_every_kind_are_read(end: bytes) -> None:
    line, body = multipart("mixed", text("本文"), attached())
    found = read(mail(f"Subject: x\n{line}", body, end=end))
    assert found.message.said == "本文"
    assert found.parts[0].data == XLSX


def test_a_cut_mail_still_gives_what_arrived() -> None:
    raw = with_parts("Subject: x", "mixed", text("本文"), attached("a.pdf", b"%PDF" * 100))
    found = read(raw[:-80])
    assert found.message.said == "本文"
    assert found.parts[0].data.startswith(b"%PDF%PDF")
    assert Problem.MALFORMED_MAIL in codes(raw[:-80])


def test_a_boundary_that_never_occurs_is_replaced_by_the_one_that_does() -> None:
    raw = with_parts("Subject: x", "mixed", text("本文"), attached()).replace(b'boundary="=_edge"', b'boundary="lost"')
    assert read(raw).message.said == "本文"
    assert Problem.MALFORMED_MAIL in codes(raw)


def test_a_multipart_that_cannot_be_taken_apart_is_read_as_text() -> None:
    raw = mail("Subject: x\nContent-Type: multipart/mixed", "辞退します".encode("cp932"))
    found = read(raw)
    assert found.message.said == "辞退します"
    assert found.parts == ()
    assert Problem.MALFORMED_MAIL in codes(raw)


def test_too_many_parts_are_cut_and_told() -> None:
    raw = with_parts("Subject: x", "mixed", *[text("a")] * 500)
    assert Problem.TOO_LARGE in codes(raw)


def test_too_deep_nesting_is_cut_and_told() -> None:
    section = text("a")
    for depth in range(30):
        section = nested("mixed", section, boundary=f"=_b{depth}_")
    assert Problem.NESTED_TOO_DEEP in codes(with_parts("Subject: x", "mixed", section))


def test_a_guessed_charset_and_name_are_told() -> None:
    name = "名簿.pdf".encode("cp932")
    pdf = part(b'Content-Type: application/pdf; name="' + name + b'"', b"%PDF", encode=True)
    body = part("Content-Type: text/plain", "お世話になっております".encode("cp932"))
    found = read(with_parts("Subject: x", "mixed", body, pdf))
    assert found.message.said == "お世話になっております"
    assert {(n.code, n.part) for n in found.notes} == {
        (Problem.CHARSET_GUESSED, ""),
        (Problem.NAME_GUESSED, "2/名簿.pdf"),
    }


def test_format_flowed_lines_are_joined() -> None:
    raw = mail(
        "Subject: x\nContent-Type: text/plain; charset=utf-8; format=flowed; delsp=yes",
        "名簿を \n返送 \nします\n> a \n> b",
    )
    assert read(raw).message.said == "名簿を返送します"


def test_html_is_read_as_lines_without_scripts() -> None:
    html = (
        "<html><head><style>p{}</style><title>t</title></head><body><p>一行&nbsp;目</p><div>二<br>三</div><script>x</script>"
        "<!-- c --><table><tr><td>a</td><td>b</td></tr></table><blockquote>引用</blockquote></body></html>"
    )
    found = read(mail("Subject: x\nContent-Type: text/html; charset=utf-8", html)).message
    assert found.said.split() == ["一行", "目", "二", "三", "a", "b"]


def test_html_declares_its_charset_in_a_meta_tag() -> None:
    html = '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS"><p>髙橋</p>'.encode("cp932")
    found = read(mail("Subject: x\nContent-Type: text/html", html))
    assert (found.message.said, found.notes) == ("髙橋", ())


def test_bytes_that_are_no_mail_are_unknown() -> None:
    for raw in (b"", b"\x00\xff", b"%PDF-1.7 binary", "ただの文".encode()):
        assert read(raw).message.kind is MessageKind.UNKNOWN
        assert read(raw).message.asks_no_reply


def test_every_author_is_told_however_many_from_fields_there_are() -> None:
    twice = read(said("x", "From: b@evil.example", sender="A <a@hq.example>")).message
    assert set(twice.authors) == {"a@hq.example", "b@evil.example"}
    named = read(said("x", sender="a@hq.example <b@evil.example>")).message
    assert len(named.authors) == 2


def test_what_stands_above_the_quote_is_told() -> None:
    found = read(said("12 OK\n\n> 11 OK\n13 OK\n")).message
    assert found.opening == "12 OK"
    assert found.said == "12 OK\n\n13 OK"


@pytest.mark.parametrize(
    "style", ["display:none", "color:#FFFFFF", "color: white;", "font-size:0px", "visibility : hidden", "mso-hide:all"]
)
def test_words_that_may_be_hidden_in_html_are_noticed(style: str) -> None:
    html = f'<html><body><p>12 OK</p><p style="{style}">13 OK</p></body></html>'
    found = read(f"From: a@hq.example\nSubject: x\nContent-Type: text/html\n\n{html}".encode()).message
    assert found.hides_text
    assert found.said == "12 OK\n13 OK"


@pytest.mark.parametrize(
    "style", ["color:windowtext", "background-color:#ffffff", "font-size:10.5pt", "overflow:hidden"]
)
def test_ordinary_html_hides_nothing(style: str) -> None:
    quoted = '<hr>From: x@y.example<br>Sent: 2026<br>To: a@b.c<br>Subject: z<p style="display:none">13 OK</p>'
    html = f'<html><head></head><body><div style="{style}">12 OK</div>{quoted}</body></html>'
    found = read(f"From: a@hq.example\nSubject: x\nContent-Type: text/html\n\n{html}".encode()).message
    assert found.opening == "12 OK"
    assert not found.hides_text
