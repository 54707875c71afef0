"""Worklists: which open balance is worked next, by whom; views, claiming, bulk acts."""
