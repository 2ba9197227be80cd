-- The column `sigma_px`, which was 2 to the power of `blur`, goes; `native_blur` and
-- `native_anisotropy` come. The table is copied, because older versions of SQLite cannot drop a
-- column.
CREATE TABLE new_scores (
    photo_id INTEGER PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
    width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    blur REAL NOT NULL,
    anisotropy REAL NOT NULL,
    sharpest_x INTEGER NOT NULL,
    sharpest_y INTEGER NOT NULL,
    sharpest_width INTEGER NOT NULL,
    sharpest_height INTEGER NOT NULL,
    native_blur REAL,        -- NULL where it was not measured
    native_anisotropy REAL,  -- of the pixels that gave `native_blur`; NULL as that is
    shadow_stops REAL NOT NULL,
    median_stops REAL NOT NULL,
    bright_stops REAL NOT NULL,
    black_share REAL NOT NULL,
    white_share REAL NOT NULL
);

-- Photos of up to 1024 px are judged at 100 % anyway. Rows of the first schema have older recipes: they
-- are outdated, judged by nothing, and measured anew by the next scan.
INSERT INTO new_scores
SELECT
    photo_id, width_px, height_px, blur, anisotropy,
    sharpest_x, sharpest_y, sharpest_width, sharpest_height,
    CASE WHEN max(width_px, height_px) <= 1024 THEN blur END,
    CASE WHEN max(width_px, height_px) <= 1024 THEN anisotropy END,
    shadow_stops, median_stops, bright_stops, black_share, white_share
FROM scores;

DROP TABLE scores;

ALTER TABLE new_scores RENAME TO scores;
