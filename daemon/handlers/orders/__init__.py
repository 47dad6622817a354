"""Admin by mail: from a mail that may hold commands to what was done, and an answer that says so.

    origin     who wrote it, which mail of ours it answers, and how far that is proven
    receive    in the transaction that reads the mail: an order, a challenge, or a question to the admins
    work       each command in a transaction of its own that also writes down its outcome: killed anywhere, it goes on
    acts       what each command does: the very handlers the command line uses
    proposals  lists, results and mailings: shown first, done only as shown
    answers    the mail to the admin

A mail acts when its sender is an admin of `admins.toml`, the receiving server vouches for the address, and it answers a
mail of ours to that admin. A mail that lacks one of these is asked about: the admin's own address gets a mail that
shows what would be done, and only its answer lets it happen. What the server says is forged is never even asked about.
"""
