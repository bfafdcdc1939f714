"""The tables of the sandbox."""

from __future__ import annotations

# Items are kept as the JSON text that a listing sends, so that a page is a join of strings.
# TEXT columns compare by UTF-8 bytes, which is the order in which KV lists its keys.
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS token (
    token TEXT PRIMARY KEY, id TEXT NOT NULL, scopes TEXT NOT NULL, status TEXT NOT NULL,
    expires_on TEXT, owner TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS document (
    kind TEXT NOT NULL, owner TEXT NOT NULL, id TEXT NOT NULL, sort TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, owner, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS document_order ON document (kind, owner, sort, id);

CREATE TABLE IF NOT EXISTS dns_record (
    zone TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL,
    ttl INTEGER NOT NULL, proxied INTEGER NOT NULL, comment TEXT, tags TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (zone, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dns_record_type ON dns_record (zone, type, name, id);
CREATE INDEX IF NOT EXISTS dns_record_name ON dns_record (zone, name, type, id);

CREATE TABLE IF NOT EXISTS kv_pair (
    namespace TEXT NOT NULL, name TEXT NOT NULL, item TEXT NOT NULL, expiration INTEGER,
    written REAL NOT NULL, deleted REAL, metadata TEXT, value BLOB NOT NULL,
    PRIMARY KEY (namespace, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS do_object (
    namespace TEXT NOT NULL, id TEXT NOT NULL, stored INTEGER NOT NULL,
    PRIMARY KEY (namespace, id)
) WITHOUT ROWID;
"""
