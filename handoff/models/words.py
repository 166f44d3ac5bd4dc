"""The word indexes that texts are searched by: FTS5 tables on SQLite, tsvector columns with GIN on PostgreSQL.

They follow their table by triggers and generated columns, so whoever writes a text need not know of them. Neither kind
can be said in the metadata of both databases: they are made with their table, here and by the migration, and left out
where metadata is compared (`is_word_index`).

Words are read the same way on both: split at anything that is no letter or digit, without accents, English endings cut,
no word left out for being common ("not" and "off" are words somebody looks for).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, event

PREFIXES = "2 3 4 5 6"
"""Beginnings of so many letters are indexed, so that looking for one costs no more than looking for a word."""

CONFIGURATION = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_ts_config WHERE cfgname = 'tellonce' AND cfgnamespace = 'public'::regnamespace) THEN
    CREATE TEXT SEARCH DICTIONARY public.tellonce_stem (TEMPLATE = snowball, Language = english);
    CREATE TEXT SEARCH CONFIGURATION public.tellonce (COPY = simple);
    ALTER TEXT SEARCH CONFIGURATION public.tellonce
      ALTER MAPPING FOR asciiword, word, numword WITH public.tellonce_stem;
  END IF;
END $$
"""
# The accents are taken off first, then every sign of ASCII is a space: PostgreSQL would read "F-20418" as F and -20418.
PLAIN = (
    r"regexp_replace(regexp_replace(normalize({0}, NFKD), '[\u0300-\u036f]', '', 'g'), '[!-/:-@\[-`{{-~]+', ' ', 'g')"
)


@dataclass(frozen=True)
class Words:
    """The index `name` over one column of a table whose `number` is an integer key that grows."""

    name: str
    table: str
    column: str


CASE_WORDS = Words("case_words", "case_texts", "body")
CASE_HEADS = Words("case_heads", "case_texts", "head")
ARTICLE_WORDS = Words("article_words", "articles", "text")
ARTICLE_HEADS = Words("article_heads", "articles", "title")
ALL = (CASE_WORDS, CASE_HEADS, ARTICLE_WORDS, ARTICLE_HEADS)


def make(connection: Connection, table: str) -> None:
    """Make the indexes of a table that has just been made."""
    for words in ALL:
        if words.table == table:
            for statement in _sqlite(words) if connection.dialect.name == "sqlite" else _postgresql(words):
                connection.exec_driver_sql(statement)


def _sqlite(words: Words) -> Sequence[str]:
    name, table, column = words.name, words.table, words.column
    # Nothing in these was typed by anybody: the names are the four above.
    add = f"INSERT INTO {name}(rowid, {column}) VALUES (new.number, new.{column});"  # noqa: S608
    drop = f"INSERT INTO {name}({name}, rowid, {column}) VALUES ('delete', old.number, old.{column});"  # noqa: S608
    options = f"tokenize='porter unicode61 remove_diacritics 2', prefix='{PREFIXES}'"
    return (
        f"CREATE VIRTUAL TABLE {name} USING fts5({column}, content='{table}', content_rowid='number', {options})",
        f"CREATE TRIGGER {name}_insert AFTER INSERT ON {table} BEGIN {add} END",
        f"CREATE TRIGGER {name}_delete AFTER DELETE ON {table} BEGIN {drop} END",
        f"CREATE TRIGGER {name}_update AFTER UPDATE OF {column} ON {table} BEGIN {drop} {add} END",
    )


def _postgresql(words: Words) -> Sequence[str]:
    vector = f"to_tsvector('public.tellonce'::regconfig, {PLAIN.format(words.column)})"
    return (
        CONFIGURATION,
        f"ALTER TABLE {words.table} ADD COLUMN {words.name} tsvector GENERATED ALWAYS AS ({vector}) STORED",
        f"CREATE INDEX ix_{words.name} ON {words.table} USING gin ({words.name}) WITH (fastupdate = off)",
    )


def is_word_index(name: str | None) -> bool:
    """Whether a table, column or index found in a database belongs to a word index, which no metadata describes."""
    known = tuple(words.name for words in ALL)
    return name is not None and name.removeprefix("ix_").startswith(known)


def follow(table: Table) -> None:
    """Have the indexes made whenever this table is."""

    @event.listens_for(table, "after_create")
    def made(target: Table, connection: Connection, **_: Any) -> None:
        make(connection, target.name)
