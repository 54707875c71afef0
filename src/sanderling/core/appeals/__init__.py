"""Appeals: ways, deadlines, evidence and letters."""
