"""What a column says in words: "14 accounts paid the payee within 7 days"."""

import math
import re
from collections.abc import Mapping

__all__ = ["phrase"]

_VIEWS: Mapping[str, tuple[str, str, str]] = {
    # Relation -> subject of a count of transfers, of a count of accounts, and of money.
    "payer_sent": ("the payer sent {} before", "the payer paid {}", "the payer sent {}"),
    "payer_received": ("the payer received {}", "{} paid the payer", "the payer received {}"),
    "payee_received": ("the payee received {}", "{} paid the payee", "the payee received {}"),
    "payee_sent": ("the payee sent {}", "the payee paid {}", "the payee sent {}"),
    "device_used": ("the device was used for {}", "{} used the device", "{} were sent by the device"),
}
_WINDOWS = {"1d": "a day", "7d": "7 days", "30d": "30 days"}
_SINGLE = {
    "transfer_amount": "the amount is {money}",
    "hour": "it was sent in the hour from {whole}:00 UTC",
    "share_of_limit": "the amount is {percent} of the reporting limit",
    "payer_age_days": "the payer has been known for {whole} days",
    "payee_age_days": "the payee has been known for {whole} days",
    "payer_sent_near_limit_7d": "the payer sent {whole} just below the reporting limit within 7 days before",
    "payee_received_near_limit_7d": "the payee received {whole} just below the reporting limit within 7 days",
    "pair_count_30d": "the payer had paid this payee {whole} times within 30 days",
    "passed_on_1d": "with this the payer has passed on {percent} of what it received within a day",
    "cycle_transfers": "the money comes back to where it started after {whole} transfers",
}
_HOPS = {
    "payers_received_accounts_7d": "those who paid {who} had been paid by {value} accounts each in 7 days",
    "payers_age_days": "those who paid {who} had been known for {value} days on average",
    "payers_passed_on_1d": "those who paid {who} had passed on {percent} of what they received, on average",
    "payees_received_accounts_7d": "those whom {who} paid had been paid by {value} accounts each in 7 days",
}
_SHAPE = re.compile(
    r"(payer_sent|payer_received|payee_received|payee_sent|device_used)_"
    r"(?:(count|accounts|amount)_(1d|7d|30d)|(mean|deviation|own_minus_mean|hours_since|known|suspicious_share)|(\w+))"
)


def phrase(name: str, value: float) -> str:
    """Return what the value of a column says, as a clause without a full stop.

    Parameters
    ----------
    name : str
        A column of `describe`.
    value : float
        NaN says that nothing of the kind had happened.
    """
    if name == "cycle_transfers" and not value > 0:
        return "the money does not come back to where it started"
    if name in _SINGLE:
        if math.isnan(value):
            return f"there is no {name.replace('_', ' ')}"
        return _SINGLE[name].format(money=_money(value), whole=f"{value:,.0f}", percent=f"{value:.0%}")
    shape = _SHAPE.fullmatch(name)
    if shape is None:
        return f"{name.replace('_', ' ')} is {value:g}"
    view, counted, window, measure, hop = shape.groups()
    if counted:
        return _counted(view, counted, window, value)
    if measure:
        return _measured(view, measure, value)
    who = f"the {view.split('_')[0]}"
    if hop not in _HOPS or math.isnan(value):
        return f"nobody had {'been paid by' if 'payees' in hop else 'paid'} {who} within 30 days"
    return _HOPS[hop].format(who=who, value=f"{value:,.1f}", percent=f"{value:.0%}")


def _counted(view: str, counted: str, window: str, value: float) -> str:
    transfers, accounts, money = _VIEWS[view]
    within = f" within {_WINDOWS[window]}"
    if counted == "amount":
        return money.format(_money(value)) + within
    what = "transfer" if counted == "count" else "account"
    told = f"{value:,.0f} {what}{'' if value == 1 else 's'}" if value else f"no {what}"
    return (transfers if counted == "count" else accounts).format(told) + within


def _measured(view: str, measure: str, value: float) -> str:
    who, what = view.split("_")
    kind = {
        "sent": "what the payer sent",
        "received": f"what the {who} received",
        "used": "what the device sent",
    }
    kind["sent"] = f"what the {who} sent"
    if math.isnan(value):
        return f"nothing is known of {kind[what]} before"
    if measure == "mean":
        return f"{kind[what]} within 30 days was {_money(value)} on average"
    if measure == "deviation":
        return f"{kind[what]} within 30 days lay {_money(value)} from its mean, on average"
    if measure == "own_minus_mean":
        side = "above" if value >= 0 else "below"
        return f"the amount lies {_money(abs(value))} {side} the mean of {kind[what]} within 30 days"
    if measure == "hours_since":
        return f"{kind[what]} last is {value:,.1f} hours ago"
    if measure == "known":
        return f"{value:,.0f} earlier transfers of this kind had been looked into ({kind[what]})"
    return f"{value:.0%} of {kind[what]} and was looked into by then was suspicious"


def _money(value: float) -> str:
    return f"{value:,.2f}"
