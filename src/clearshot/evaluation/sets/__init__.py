"""Public sets with labels, told by their folders and file names: one module for each set."""
