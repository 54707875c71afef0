"""Contract terms: what a line should bring, step by step; variance; what history teaches."""
