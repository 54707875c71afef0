"""Shifts in what payers do, found with false discoveries held down; effects of a fix."""
