-- Projections: what follows from the facts, kept as tables because questions about the past must be quick. Whenever this file has
-- changed, the hub drops them at its next start and fills them again from the log. See README.md in this folder.

CREATE TABLE races (
    race         INTEGER PRIMARY KEY,  -- seq of its race.armed: short, and in order of time
    race_id      TEXT NOT NULL UNIQUE,
    track        TEXT NOT NULL,
    phase        TEXT NOT NULL,
    armed_us     INTEGER NOT NULL,
    started_us   INTEGER NOT NULL,     -- 0: not started, as all instants and durations here
    finishing_us INTEGER NOT NULL,     -- when the distance was done: which laps count depends on it
    ended_us     INTEGER NOT NULL,
    end_reason   TEXT,                 -- NULL: not ended
    settings     TEXT NOT NULL,        -- JSON
    entries      INTEGER NOT NULL,
    laps         INTEGER NOT NULL,     -- counted laps of all entries
    winner       INTEGER NOT NULL,     -- entry; 0: none
    best_entry   INTEGER NOT NULL,     -- entry with the fastest lap, or lane time of a heat; 0: none
    best_us      INTEGER NOT NULL,
    heat         INTEGER NOT NULL,     -- planned heat of a session; 0: none
    last_seq     INTEGER NOT NULL      -- of its last fact
) STRICT;
CREATE INDEX races_of_track ON races (track, race);

CREATE TABLE entries (
    race         INTEGER NOT NULL,
    entry        INTEGER NOT NULL,
    lane         INTEGER NOT NULL,
    track        TEXT NOT NULL,
    driver       TEXT NOT NULL,
    car          TEXT NOT NULL,
    color        TEXT NOT NULL,
    status       TEXT NOT NULL,
    position     INTEGER NOT NULL,     -- in the classification; 0 until the race is finished
    laps         INTEGER NOT NULL,
    heat         TEXT,                 -- of a heat: waiting, timed or dnf
    best_lap     INTEGER NOT NULL,     -- id of the best lap; 0: none
    best_us      INTEGER NOT NULL,     -- the best lap; of a heat: the lane's time
    lap_times_us INTEGER NOT NULL,     -- sum of the counted laps, for the average
    total_us     INTEGER NOT NULL,     -- race clock at the last counted lap, without penalties
    penalty_us   INTEGER NOT NULL,
    PRIMARY KEY (race, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_of_driver ON entries (driver, race) WHERE driver <> '';
CREATE INDEX entries_by_best ON entries (track, driver, best_us)
    WHERE driver <> '' AND position > 0 AND best_us > 0;

CREATE TABLE laps (
    race       INTEGER NOT NULL,
    entry      INTEGER NOT NULL,
    lap        INTEGER NOT NULL,       -- id, the name that corrections use
    number     INTEGER NOT NULL,       -- n-th counted lap; 0: void, or only begins lap 1
    lap_us     INTEGER NOT NULL,
    crossed_us INTEGER NOT NULL,
    race_us    INTEGER NOT NULL,       -- race clock at the crossing
    status     INTEGER NOT NULL,       -- 1 counted, 2 crossing_void, 3 lap_void
    manual     INTEGER NOT NULL,
    suspect    INTEGER NOT NULL,
    PRIMARY KEY (race, entry, lap)
) STRICT, WITHOUT ROWID;

-- The best lap, or lane time, of each driver on each track, over finished races.
CREATE TABLE records (
    track       TEXT NOT NULL,
    driver      TEXT NOT NULL,
    best_us     INTEGER NOT NULL,
    race        INTEGER NOT NULL,
    entry       INTEGER NOT NULL,
    PRIMARY KEY (track, driver)
) STRICT, WITHOUT ROWID;
CREATE INDEX records_by_time ON records (track, best_us);
