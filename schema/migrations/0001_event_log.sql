-- The event log, which is the truth, and what belongs to it. Projections are not migrated but rebuilt: hub/store/projections.sql.
-- Instants are microseconds since the Unix epoch on the hub's clock. NULL stands for "empty" where a text may be empty.

PRAGMA application_id = 1380467778;  -- "RHDB": tells this file from any other SQLite database

-- What came in: observations and commands, in the order in which they were decided, with their outcome.
CREATE TABLE inputs (
    number   INTEGER PRIMARY KEY,  -- gapless, from 1; facts name it as their cause
    kind     INTEGER NOT NULL,     -- 1 observation, 2 command
    type     TEXT NOT NULL,
    time_us  INTEGER NOT NULL,
    recv_us  INTEGER NOT NULL,
    track    TEXT NOT NULL,
    race_id  TEXT,
    source   TEXT NOT NULL,
    key      TEXT,
    entropy  INTEGER,
    data     TEXT NOT NULL,        -- JSON
    accepted INTEGER NOT NULL,
    code     TEXT,
    message  TEXT
) STRICT;

-- A re-read result, a duplicate delivery or a reconnect never makes a second lap.
CREATE UNIQUE INDEX inputs_by_key ON inputs (source, key) WHERE key IS NOT NULL;

-- What was decided.
CREATE TABLE facts (
    seq     INTEGER PRIMARY KEY,   -- gapless, from 1
    cause   INTEGER NOT NULL,      -- inputs.number
    time_us INTEGER NOT NULL,
    type    TEXT NOT NULL,
    track   TEXT NOT NULL,
    race_id TEXT,
    data    TEXT NOT NULL          -- JSON
) STRICT;

-- Nothing in the log is ever changed: a correction is a new fact.
CREATE TRIGGER inputs_stay BEFORE UPDATE ON inputs
BEGIN SELECT RAISE(ABORT, 'inputs are never changed'); END;
CREATE TRIGGER inputs_remain BEFORE DELETE ON inputs
BEGIN SELECT RAISE(ABORT, 'inputs are never deleted'); END;
CREATE TRIGGER facts_stay BEFORE UPDATE ON facts
BEGIN SELECT RAISE(ABORT, 'facts are never changed'); END;
CREATE TRIGGER facts_remain BEFORE DELETE ON facts
BEGIN SELECT RAISE(ABORT, 'facts are never deleted'); END;

-- log_id: 128 random bits in hex, so that (log_id, seq) names one fact among all hubs. anchor_boot_id and anchor_offset_us: the
-- hub's clock. projections: digest of the projections.sql that the projections were made by; "stale" when they must be rebuilt.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The fold of all facts up to seq, as JSON, so that a start need not fold from the beginning. May be emptied at any time.
CREATE TABLE checkpoint (
    seq   INTEGER PRIMARY KEY,
    state TEXT NOT NULL
) STRICT;

-- What plugin instances keep across restarts.
CREATE TABLE kv (
    instance TEXT NOT NULL,
    key      TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (instance, key)
) STRICT, WITHOUT ROWID;
