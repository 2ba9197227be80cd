"""Accuracy on labelled photos: read the labels, measure, and show tables and plots."""
