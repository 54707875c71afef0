"""Key figures of DOMAIN 7: formulas over frames."""
