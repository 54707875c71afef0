"""Money paid short: variances, projects, disputes, adverse payments."""
