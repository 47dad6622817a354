"""Ways of answering, drawn by chance: offices nobody has written a role for."""

from __future__ import annotations

from daemon.simulation.chance import Chance
from daemon.simulation.offices.acts import (
    Absence,
    Act,
    Edit,
    Habit,
    Medium,
    Promise,
    Return,
    Say,
    SendWrong,
    Slip,
    Step,
    Wrong,
)
from daemon.simulation.offices.incoming import Received
from daemon.simulation.spelling import PLAIN_WAYS, WAYS

_MEDIA = ((Medium.WORKBOOK, 6), (Medium.TYPED_PDF, 2), (Medium.TYPED_ACROSS, 1), (Medium.PRINTED_PDF, 1))
_SAYINGS = (
    "お世話になっております。\n名簿を拝受いたしました。よろしくお願いいたします。",
    "お世話になっております。\n承知いたしました。",
    "お世話になっております。\n現在手続中です。来週にはお返しできる見込みです。",
    "お世話になっております。\n全員、登録が完了いたしました。",
    "お世話になっております。\n本日ＦＡＸにて送付いたしました。",
    "お世話になっております。\n名簿の記載方法について教えていただけますでしょうか。",
    "お世話になっております。\n４月３日に登録済みです。名簿は後日お送りします。",
)
_WORDS = (
    "",
    "お世話になっております。\n標記の名簿をお送りします。未済の者は来週手続予定です。",
    "お世話になっております。\n先ほどの名簿に誤りがありましたので差し替えをお願いいたします。",
    "よろしくお願いいたします。",
)


def drawn(chance: Chance) -> Habit:
    """One office's way with one request. Sooner or later it always sends what it has."""
    quick = chance.whole(1, 6)
    return Habit(
        pace_days=(quick, quick + chance.whole(0, 14)),
        first=tuple(_step(chance) for _ in range(chance.weighted(((0, 2), (1, 5), (2, 3), (3, 1))))),
        reminded=(*((_step(chance),) for _ in range(chance.whole(0, 2))), (Step(_return(chance, clean=True), 1),)),
        phoned=(Step(_return(chance, clean=True), 1),),
        withdraws=int(chance.happens(0.15)),
        one_day=chance.happens(0.3),
    )


def habit_of(chance: Chance) -> object:
    """A `desk.HabitOf` that draws for each prefecture and request."""

    def draw(prefecture: str, mail: Received) -> Habit:
        return drawn(chance.of("habit", prefecture, mail.message_id))

    return draw


def _step(chance: Chance) -> Step:
    return Step(_act(chance), chance.whole(0, 12))


def _act(chance: Chance) -> Act:
    kind = chance.weighted((("return", 12), ("wrong", 3), ("say", 4), ("absence", 1), ("promise", 1)))
    if kind == "return":
        return _return(chance, clean=chance.happens(0.4))
    if kind == "wrong":
        return SendWrong(chance.pick(tuple(Wrong)))
    if kind == "say":
        return Say(chance.pick(_SAYINGS))
    return Absence() if kind == "absence" else Promise()


def _return(chance: Chance, *, clean: bool) -> Return:
    slips = {} if clean else {slip: 1 for slip in Slip if chance.happens(0.2)}
    return Return(
        medium=chance.weighted(_MEDIA),
        ways=PLAIN_WAYS if chance.happens(0.5) else tuple(WAYS),
        each_own_way=chance.happens(0.3),
        share=1.0 if clean else chance.pick((1.0, 1.0, 0.5, 0.8)),
        slips=slips,
        edit=Edit.NONE if clean else chance.pick(tuple(Edit)),
        by_centre=not clean and chance.happens(0.15),
        new_mail=chance.happens(0.2),
        old_fashioned=chance.happens(0.2),
        words="" if clean else chance.pick(_WORDS),
    )
