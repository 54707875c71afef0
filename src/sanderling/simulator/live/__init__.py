"""Clearinghouse and payers that live: they read our files and answer them, turn by turn.

State is a folder: what arrived, what is to be collected, and one SQLite file that remembers. A turn
is one transaction; whatever kills the process, a turn happened wholly or not at all.
"""
