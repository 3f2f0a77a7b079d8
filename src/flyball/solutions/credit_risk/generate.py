"""Invented applications for credit: no person stands behind any of them.

`python -m flyball.solutions.credit_risk.generate --out FOLDER` writes the sample again: applications with
what turned out, and in another file the group of each applicant, which no model sees and an audit needs.

How repayment depends on an application is written down here, so what a model should find is known:
income, debts, history and behaviour count, each in one direction; the purpose counts a little; the group
counts not at all, but incomes, histories and debts differ between groups, as they do in life. That alone
makes approval rates differ.
"""

import argparse
import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

__all__ = ["COLUMNS", "PURPOSES", "applications", "main"]

PURPOSES = ("car", "home improvement", "debt consolidation", "education", "medical", "other")

COLUMNS = (
    "application",
    "loan_amount",
    "term_months",
    "purpose",
    "annual_income",
    "income_verified",
    "years_in_job",
    "debt_to_income",
    "payment_to_income",
    "credit_history_years",
    "credit_utilisation",
    "delinquencies_24m",
    "inquiries_6m",
    "bankruptcy_7y",
    "of_legal_age",
    "sanctions_match",
    "repaid",
)
"""As they stand in the file; `repaid` is what turned out, nothing where the loan was never granted."""

_MONTHLY_RATE = 0.009
Row = dict[str, object]


def applications(n: int, *, seed: int, first: int = 1) -> tuple[list[Row], list[Row]]:
    """Return invented applications, and the group, sex and age band of each applicant.

    Parameters
    ----------
    n : int
    seed : int
        Same seed, same rows.
    first : int
        Number of the first application.
    """
    draw = np.random.default_rng(seed)
    group = draw.choice(["A", "B"], size=n, p=[0.7, 0.3])
    in_b = group == "B"
    sex = draw.choice(["female", "male"], size=n)
    age = np.clip(draw.gamma(7.0, 6.0, n), 17.2, 84.0)
    steady = draw.normal(size=n)  # how well a household's money is in order; nobody records it
    income = np.round(np.exp(10.75 + 0.35 * draw.normal(size=n) + 0.12 * steady - 0.16 * in_b), -2)
    amount = np.round(np.clip(income * draw.beta(2.0, 5.0, n) * 0.9, 1_000, 60_000), -2)
    term = draw.choice([12, 24, 36, 48, 60], size=n, p=[0.1, 0.2, 0.35, 0.2, 0.15])
    payment = amount * _MONTHLY_RATE / (1.0 - (1.0 + _MONTHLY_RATE) ** -term)
    payment_share = payment / (income / 12.0)
    debt = np.clip(0.24 - 0.07 * steady + 0.02 * in_b + 0.11 * draw.normal(size=n), 0.0, 0.85)
    history = np.clip((age - 19.0) * draw.beta(3.0, 2.0, n) - 1.5 * in_b, 0.0, None)
    no_file = (history < 0.5) | (draw.random(n) < 0.02)
    used = np.clip(0.42 - 0.17 * steady + 0.03 * in_b + 0.2 * draw.normal(size=n), 0.0, 1.2)
    no_card = no_file | (draw.random(n) < 0.06)
    late = draw.poisson(np.exp(-0.9 - 0.75 * steady))
    inquiries = draw.poisson(np.exp(0.05 - 0.3 * steady))
    bankrupt = draw.random(n) < 0.02 * np.exp(-0.8 * steady)
    verified = draw.random(n) < 0.82
    employed = draw.random(n) > 0.12
    job = np.clip(draw.gamma(1.6, 3.2, n), 0.0, np.maximum(age - 17.0, 0.2))
    purpose = draw.choice(PURPOSES, size=n, p=[0.28, 0.2, 0.26, 0.08, 0.08, 0.1])
    score = (
        4.1
        + 0.8 * np.log(income / 45_000.0)
        - 7.0 * np.clip(debt - 0.2, 0.0, None)
        - 9.0 * np.clip(payment_share - 0.08, 0.0, None)
        + 0.05 * np.minimum(np.where(no_file, 0.0, history), 15.0)
        - 0.7 * no_file
        - 2.4 * np.clip(np.where(no_card, 0.45, used) - 0.3, 0.0, None)
        - 0.95 * np.minimum(late, 5)
        - 0.22 * np.minimum(inquiries, 6)
        - 1.8 * bankrupt
        + 0.45 * verified
        + 0.07 * np.minimum(np.where(employed, job, 2.0), 8.0)
        - 0.35 * (purpose == "debt consolidation")
        + 0.25 * (purpose == "car")
        + 0.55 * steady
        - 1.3
    )
    repaid = draw.random(n) < 1.0 / (1.0 + np.exp(-1.25 * score))
    under_age = age < 18.0
    match = draw.random(n) < 0.003
    # Nobody knows what becomes of a loan that policy refuses: it is never granted.
    refused = under_age | (income < 6_000) | (np.round(debt, 3) > 0.6) | (np.round(payment_share, 3) > 0.35)
    rows: list[Row] = []
    people: list[Row] = []
    for i in range(n):
        name = f"A-{first + i:06d}"
        values = (
            name,
            int(amount[i]),
            int(term[i]),
            str(purpose[i]),
            int(income[i]),
            _flag(verified[i]),
            round(float(job[i]), 1) if employed[i] else None,
            round(float(debt[i]), 3),
            round(float(payment_share[i]), 3),
            None if no_file[i] else round(float(history[i]), 1),
            None if no_card[i] else round(float(used[i]), 2),
            int(late[i]),
            int(inquiries[i]),
            _flag(bankrupt[i]),
            _flag(not under_age[i]),
            _flag(match[i]),
            None if refused[i] else _flag(repaid[i]),
        )
        rows.append(dict(zip(COLUMNS, values, strict=True)))
        band = "62 or older" if age[i] >= 62.0 else "younger than 62"
        people.append({"application": name, "group": str(group[i]), "sex": str(sex[i]), "age": band})
    return rows, people


def write(path: Path, rows: list[Row]) -> None:
    """Write rows as CSV; nothing stands where a value is missing."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(_shown(row) for row in rows)


def main(arguments: list[str] | None = None) -> int:
    """Write the sample; exit status 0."""
    parser = argparse.ArgumentParser(
        prog="python -m flyball.solutions.credit_risk.generate", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the deployment")
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=2)
    given = parser.parse_args(arguments)
    rows, people = applications(given.rows, seed=given.seed)
    for folder in ("cases", "audit"):
        (given.out / folder).mkdir(parents=True, exist_ok=True)
    write(given.out / "cases" / "applications.csv", rows)
    write(given.out / "audit" / "people.csv", people)
    return 0


def _flag(value: np.bool_ | bool) -> bool:
    return bool(value)


def _shown(row: Mapping[str, object]) -> dict[str, object]:
    words = {True: "true", False: "false", None: ""}
    return {
        key: words[value] if value is None or isinstance(value, bool) else value for key, value in row.items()
    }


if __name__ == "__main__":
    raise SystemExit(main())
