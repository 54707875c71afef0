"""Signed, expiring links for people without an account, each for one purpose."""
