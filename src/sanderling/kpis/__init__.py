"""Key figures and scorecards, each with numerator and denominator."""
