-- A race's own facts without reading those of the years since: for its page, and to correct it later.
CREATE INDEX facts_by_race ON facts (race_id, seq) WHERE race_id IS NOT NULL;
