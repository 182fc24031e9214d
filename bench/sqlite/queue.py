"""A durable queue on SQLite, as one would write it: write-ahead log, every commit synced. One transaction
for all that wait: so many senders' messages come in, those of the transaction before are taken out,
and what was done with each is written down.

    queue.py FILE SENDERS SECONDS    prints messages per second
"""
import itertools
import sqlite3
import sys
import time

file, senders, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
database = sqlite3.connect(file, isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = FULL")
database.execute("CREATE TABLE IF NOT EXISTS inbox (to_id INTEGER, n INTEGER, body BLOB, PRIMARY KEY (to_id, n)) WITHOUT ROWID")
database.execute("CREATE TABLE IF NOT EXISTS log (id INTEGER, n INTEGER, record BLOB, PRIMARY KEY (id, n)) WITHOUT ROWID")
body = b"x" * 40
record = b"y" * 160
first = database.execute("SELECT coalesce(max(n), 0) + 1 FROM log").fetchone()[0]
waiting, done = [], 0
begun = time.monotonic()
for n in itertools.count(first):
    keys = [(sender % 64, n * 1024 + sender) for sender in range(senders)]
    database.execute("BEGIN")
    database.executemany("INSERT INTO inbox VALUES (?, ?, ?)", [(to, at, body) for to, at in keys])
    database.executemany("DELETE FROM inbox WHERE to_id = ? AND n = ?", waiting)
    database.executemany("INSERT INTO log VALUES (?, ?, ?)", [(to, at, record) for to, at in waiting])
    database.execute("COMMIT")
    done += len(keys)
    waiting = keys
    if time.monotonic() - begun > seconds:
        break
print(done / (time.monotonic() - begun))
