"""The tables of the history. Times are microseconds since 1970, UTC; money is billionths of a euro."""

__all__ = ["FORM", "OUTCOMES", "SCHEMA"]

FORM = 6
"""Raised whenever a table or what stands in it changes: an older file is made again."""

OUTCOMES = ("automated", "referred", "refused")
"""What can become of an answer, by its number in `answers.outcome`."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS followed (one INTEGER PRIMARY KEY CHECK (one = 1), form INTEGER NOT NULL,
    ledger BLOB NOT NULL, read INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS decisions (
    entry INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    case_id TEXT NOT NULL,
    case_name TEXT NOT NULL,
    release INTEGER NOT NULL,
    actor INTEGER NOT NULL,
    decided_at INTEGER NOT NULL,
    allowed INTEGER NOT NULL,
    waits INTEGER NOT NULL,
    for_people TEXT NOT NULL,
    automated INTEGER NOT NULL,
    referred INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    confidence REAL,
    cost INTEGER NOT NULL,
    findings INTEGER NOT NULL,
    reports INTEGER NOT NULL,
    obligations INTEGER NOT NULL,
    principles INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS sets (id INTEGER PRIMARY KEY, members TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS ruled (
    rule INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (rule, entry)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS decisions_waiting ON decisions (waits, tenant, entry);
CREATE INDEX IF NOT EXISTS decisions_at ON decisions (decided_at);
CREATE INDEX IF NOT EXISTS decisions_release ON decisions (release, entry);
CREATE INDEX IF NOT EXISTS decisions_case ON decisions (case_id);
CREATE INDEX IF NOT EXISTS decisions_name ON decisions (case_name COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS decisions_reported ON decisions (entry) WHERE reports > 0;
CREATE INDEX IF NOT EXISTS decisions_reported_more ON decisions (entry) WHERE reports > 1;
CREATE TABLE IF NOT EXISTS answers (
    entry INTEGER NOT NULL,
    field INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    expert INTEGER NOT NULL,
    confidence REAL NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (entry, field)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reports (
    entry INTEGER PRIMARY KEY,
    decision INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name INTEGER NOT NULL,
    answer TEXT NOT NULL,
    unit TEXT NOT NULL,
    by INTEGER NOT NULL,
    source TEXT NOT NULL,
    observed_at INTEGER,
    minutes REAL,
    at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS reports_decision ON reports (decision);
CREATE TABLE IF NOT EXISTS reviews (
    entry INTEGER PRIMARY KEY,
    decision INTEGER NOT NULL,
    act TEXT NOT NULL,
    by INTEGER NOT NULL,
    minutes REAL,
    at INTEGER NOT NULL,
    until INTEGER,
    how TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS reviews_decision ON reviews (decision);
CREATE TABLE IF NOT EXISTS waiting (
    entry INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    fields INTEGER NOT NULL,
    since INTEGER NOT NULL,
    confidence REAL,
    allowed INTEGER NOT NULL,
    replaced INTEGER NOT NULL,
    chosen INTEGER NOT NULL,
    step TEXT NOT NULL,
    holder INTEGER NOT NULL,
    until INTEGER NOT NULL,
    people INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    scored INTEGER NOT NULL,
    points REAL NOT NULL,
    hours REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS waiting_scored ON waiting (scored, entry);
CREATE INDEX IF NOT EXISTS waiting_begun ON waiting (entry) WHERE step <> 'open';
"""
