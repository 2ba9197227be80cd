"""XMP sidecars: read, merged and written with all that other programs keep in them.

`packet` reads and writes the XML, `marks` merges clearshot's marks into it, `names` tells which
files are a photo's sidecars, `changes` puts differences into words.
"""
