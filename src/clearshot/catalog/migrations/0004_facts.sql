-- What the camera wrote about a photo, and what read it. A photo that was scored before has no row
-- until it is scored again.
CREATE TABLE facts (
    photo_id INTEGER PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
    reader TEXT NOT NULL,
    camera TEXT,
    lens TEXT,
    iso INTEGER,
    shutter_s REAL,
    aperture REAL,
    taken_at TEXT,  -- ISO 8601; without a zone it is the camera's own clock
    focus_x REAL,   -- share of the upright photo's width, 0 to 1
    focus_y REAL    -- share of its height
);
