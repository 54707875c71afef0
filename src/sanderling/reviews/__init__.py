"""The weekly AR review: pack, meeting, decisions, minutes."""
