"""Chooses the backend as the package does, before a test module imports Keras."""

import clearshot.training  # noqa: F401
