"""Argo: smart routing of zones."""
