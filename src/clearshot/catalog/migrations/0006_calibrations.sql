-- Calibrations on the owner's photos. Rows are added, never changed but for the time at which one was
-- taken back; the newest that was not is in use.
CREATE TABLE calibrations (
    version INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice
    content TEXT NOT NULL,                      -- JSON, as `clearshot calibrate --export` writes it
    made_at TEXT NOT NULL,                      -- UTC, ISO 8601
    taken_back_at TEXT                          -- UTC, ISO 8601; NULL where it was not
);
