"""Files in, upright pixels out, with one clear error for everything that a file can do wrong."""
