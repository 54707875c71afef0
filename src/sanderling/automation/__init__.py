"""Automation: rules as data, alerts and their delivery."""
