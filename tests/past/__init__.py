"""Tests of snapshots that answer in place of Cloudflare."""
