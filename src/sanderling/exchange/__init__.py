"""Mailboxes: files out, files in, and their acknowledgments."""
