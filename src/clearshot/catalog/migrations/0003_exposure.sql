-- What the exposure network measures comes. Rows of before have older recipes: they are outdated, judged
-- by nothing, and measured anew by the next scan.
ALTER TABLE scores ADD COLUMN subject_stops REAL NOT NULL DEFAULT 0;

ALTER TABLE scores ADD COLUMN error_stops REAL NOT NULL DEFAULT 0;

ALTER TABLE scores ADD COLUMN dark_logit REAL NOT NULL DEFAULT 0;

ALTER TABLE scores ADD COLUMN overexposed_logit REAL NOT NULL DEFAULT 0;

-- NULL where no raw values were decoded.
ALTER TABLE scores ADD COLUMN sensor_white_share REAL;
