"""Bounces without a standard report, written for these tests after the shapes mail systems give them."""

_TEXT = """\
=== exchange ja
From: postmaster@pref.example
Subject: 配信不能: 【依頼】名簿

配信に失敗しました。次の受信者または配布リスト:

office@pref.example
入力した電子メール アドレスが見つかりませんでした。

#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##
=== exchange ja html-like, own mailbox
From: MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@pref.example
Subject: 配信できません: 名簿

office@pref.example への配信に失敗しました。
受信者のメールボックスがいっぱいです。
=== m-filter
From: POSTMASTER <postmaster@pref.example>
Subject: failure notice
X-Mailer: m-FILTER

このメールは「m-FILTER」が自動的に生成して送信しています。
メールサーバーとの通信中、下記の理由により
このメールは送信できませんでした。

以下のメールアドレスへの送信に失敗しました。
office@pref.example

-------server message
550 unknown user

-------original message
Received: from hq.example by x
Message-ID: <m1.token@hq.example>
From: roster@hq.example
To: office@pref.example

本文
=== interscan
From: "InterScan MSS" <postmaster@pref.example>
Subject: メッセージを配信できません。

Sent <<< RCPT TO:<office@pref.example>
Received >>> 550 5.1.1 <office@pref.example>... user unknown

Received: from hq.example by x
Message-ID: <m1.token@hq.example>
From: roster@hq.example
To: office@pref.example

本文
=== interscan failed
From: InterScan Messaging <imss@pref.example>
Subject: メール配信に失敗しました

以下の宛先への配信に失敗しました。
office@pref.example
=== domino
From: Postmaster@pref.example
Subject: DELIVERY FAILURE: ユーザー office は Domino ディレクトリには見つかりません。

Your message

  Subject: x

was not delivered to:

  office@pref.example

because:

  ユーザー office (office@pref.example) は Domino ディレクトリには見つかりません。
=== notes
From: postmaster@n.pref.example
Subject: Undeliverable message

------- Failure Reasons  --------

ディレクトリのリストにありません
office@pref.example

------- Returned Message --------
Received: from hq.example by x
Message-ID: <m1.token@hq.example>
From: roster@hq.example
To: office@pref.example

本文
=== qmail
From: MAILER-DAEMON@mx.pref.example
Subject: failure notice

Hi. This is the qmail-send program at mx.pref.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<office@pref.example>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 User unknown

--- Below this line is a copy of the message.

Received: from hq.example by x
Message-ID: <m1.token@hq.example>
From: roster@hq.example
To: office@pref.example

本文
=== exim
From: Mail Delivery System <Mailer-Daemon@mx.pref.example>
Subject: Mail delivery failed: returning message to sender
X-Failed-Recipients: office@pref.example
Auto-Submitted: auto-replied

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients.

  office@pref.example
    550 5.1.1 User unknown

------ This is a copy of the message, including all the headers. ------

Received: from hq.example by x
Message-ID: <m1.token@hq.example>
From: roster@hq.example
To: office@pref.example

本文
=== carrier
From: <Postmaster@carrier.example>
Subject: Mail System Error - Returned Mail

<office@pref.example>

Each of the following recipients was rejected by a remote mail server.
-------------
Received: from hq.example by x
Message-ID: <m1.token@hq.example>
From: roster@hq.example
To: office@pref.example

本文
=== provider, no-reply
From: no-reply@provider.example
Subject: メールエラー通知

送信先のメールボックスが一杯のため、送信できませんでした。
※このメールには直接返信いただけません。

Your mail sent on: Thu
     Could not be delivered to: <office@pref.example>
     As their mailbox is full.
=== sendmail
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.pref.example>
Subject: Returned mail: see transcript for details

The original message was received at Thu, 1 Apr 2026

   ----- The following addresses had permanent fatal errors -----
<office@pref.example>

   ----- Transcript of session follows -----
550 5.1.1 <office@pref.example>... User unknown
=== null sender, odd name
From: mail-info@pref.example
Subject: 【重要】メールをお届けできませんでした
Return-Path: <>

お送りいただいたメールは下記の理由により配信できませんでした。
office@pref.example : 宛先のメールアドレスが存在しません。
=== subject of the original
From: post_master@pref.example
Subject: Re: 【依頼】名簿

Error: Invalid user address

550 - Requested action not taken: no such user here
RCPT TO: office@pref.example
=== james
From: postmaster@pref.example
Subject: [BOUNCE]

Hi. This is the James mail server.
I'm afraid I wasn't able to deliver your message to the following addresses.
Unknown user: office@pref.example
=== imail
From: "Postmaster" <postmaster@pref.example>
Subject: Undeliverable Mail

Unknown user: office@pref.example


Original message follows.

Received: from hq.example by x
Message-ID: <m1.token@hq.example>
From: roster@hq.example
To: office@pref.example

本文
=== no from at all
Subject: Delivery Status Notification (Failure)

Delivery to the following recipients failed.

       office@pref.example
"""


def _samples() -> dict[str, bytes]:
    found = {}
    for block in _TEXT.split("=== ")[1:]:
        name, _, mail = block.partition("\n")
        typed = "To: roster@hq.example\nContent-Type: text/plain; charset=utf-8\n"
        found[name] = (typed + mail).replace("\n", "\r\n").encode()
    return found


PLAIN = _samples()
"""Name → raw mail."""
