-- What the owner decided about a photo. No row: nothing yet. Rows stay when a photo changes, is
-- scored again, or goes missing.
CREATE TABLE decisions (
    photo_id INTEGER PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
    choice TEXT CHECK (choice IN ('keep', 'reject')),  -- NULL while undecided
    stars INTEGER NOT NULL CHECK (stars BETWEEN 0 AND 5),
    color TEXT CHECK (color IN ('red', 'yellow', 'green', 'blue')),
    decided_at TEXT NOT NULL  -- UTC, ISO 8601
);
