"""Faults: the catalogue of what must be survived, and the proofs that belong to no single part."""
