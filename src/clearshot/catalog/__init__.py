"""The catalog: one SQLite file per library that keeps what was measured on each photo."""
