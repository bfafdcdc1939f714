"""Spectrum: applications of zones."""
