"""Runs the command line as `python -m sanderling`."""

from __future__ import annotations

from sanderling.cli.main import run

if __name__ == "__main__":
    run()
