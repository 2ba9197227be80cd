"""How fast clearshot is, beside a bare decoder, CleanVision and a usual script (extra `bench`)."""
