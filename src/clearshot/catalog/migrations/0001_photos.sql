-- "CLRS" in ASCII, so that a database of another program is never taken for a catalog.
PRAGMA application_id = 1129075283;

CREATE TABLE migrations (
    name TEXT PRIMARY KEY,
    applied_at TEXT NOT NULL  -- UTC, ISO 8601
);

-- At most one row: which library a catalog belongs to that is kept outside of it.
CREATE TABLE library (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    folder BLOB NOT NULL
);

-- A photo has one row in `scores` or one in `failures`, never both.
CREATE TABLE photos (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,  -- relative to the library, '/' between names, as the system spells it
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    companions TEXT NOT NULL,   -- JSON list of file names in the photo's folder
    is_missing INTEGER NOT NULL DEFAULT 0 CHECK (is_missing IN (0, 1)),
    recipe TEXT NOT NULL,
    scored_at TEXT NOT NULL     -- UTC, ISO 8601
);

CREATE TABLE scores (
    photo_id INTEGER PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
    width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    blur REAL NOT NULL,
    sigma_px REAL NOT NULL,
    anisotropy REAL NOT NULL,
    sharpest_x INTEGER NOT NULL,
    sharpest_y INTEGER NOT NULL,
    sharpest_width INTEGER NOT NULL,
    sharpest_height INTEGER NOT NULL,
    shadow_stops REAL NOT NULL,
    median_stops REAL NOT NULL,
    bright_stops REAL NOT NULL,
    black_share REAL NOT NULL,
    white_share REAL NOT NULL
);

CREATE TABLE failures (
    photo_id INTEGER PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    message TEXT NOT NULL
);
