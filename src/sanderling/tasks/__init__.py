"""Tasks: what one team asks of another about claims, with an inbox for each team."""
