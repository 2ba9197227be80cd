-- Log odds of each label by the shipped calibration, so that photos can be filtered and ordered by
-- any thresholds without reading their scores. Made from `scores` and `facts` alone: it can be made
-- again at any time. One row for each photo that is there; -1e15 where there is nothing to tell, so
-- that these photos come last.
CREATE TABLE odds (
    photo_id INTEGER PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
    is_stale INTEGER NOT NULL DEFAULT 1 CHECK (is_stale IN (0, 1)),  -- 1 until it is made (again)
    camera TEXT,                               -- as in `facts`
    blurry REAL NOT NULL DEFAULT -1e15,        -- as seen on a screen
    blurry_full REAL NOT NULL DEFAULT -1e15,   -- as seen at 100 %, where that was measured
    dark REAL NOT NULL DEFAULT -1e15,
    overexposed REAL NOT NULL DEFAULT -1e15,
    worst REAL NOT NULL DEFAULT -1e15,         -- the greatest of the three on a screen
    worst_full REAL NOT NULL DEFAULT -1e15     -- at 100 %, where that was measured
);

-- At most one row: networks and calibration that the odds were made with.
CREATE TABLE odds_source (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    digest TEXT NOT NULL
);

-- These two hold all that a filter asks, in the order in which photos are looked at.
CREATE INDEX odds_worst_first ON odds (worst DESC, photo_id, blurry, dark, overexposed, camera);

CREATE INDEX odds_worst_full_first ON odds (
    worst_full DESC, photo_id, blurry_full, dark, overexposed, camera
) WHERE worst_full > -1e15;

CREATE INDEX odds_blurry_first ON odds (blurry DESC, photo_id);

CREATE INDEX odds_dark_first ON odds (dark DESC, photo_id);

CREATE INDEX odds_overexposed_first ON odds (overexposed DESC, photo_id);

CREATE INDEX odds_stale ON odds (photo_id) WHERE is_stale = 1;

INSERT INTO odds (photo_id) SELECT id FROM photos WHERE is_missing = 0;

CREATE TRIGGER odds_of_new_photo AFTER INSERT ON photos WHEN new.is_missing = 0
BEGIN
    INSERT INTO odds (photo_id) VALUES (new.id);
END;

CREATE TRIGGER odds_of_changed_photo AFTER UPDATE OF recipe, scored_at ON photos
BEGIN
    UPDATE odds SET is_stale = 1 WHERE photo_id = new.id;
END;

CREATE TRIGGER odds_of_missing_photo AFTER UPDATE OF is_missing ON photos
WHEN new.is_missing = 1 AND old.is_missing = 0
BEGIN
    DELETE FROM odds WHERE photo_id = new.id;
END;

CREATE TRIGGER odds_of_found_photo AFTER UPDATE OF is_missing ON photos
WHEN new.is_missing = 0 AND old.is_missing = 1
BEGIN
    INSERT INTO odds (photo_id) VALUES (new.id);
END;
