-- Where the photo is in its frame; NULL where it has none. Photos of before count with their frame until
-- they are measured anew.
ALTER TABLE scores ADD COLUMN inside_x INTEGER;

ALTER TABLE scores ADD COLUMN inside_y INTEGER;

ALTER TABLE scores ADD COLUMN inside_width INTEGER;

ALTER TABLE scores ADD COLUMN inside_height INTEGER;
