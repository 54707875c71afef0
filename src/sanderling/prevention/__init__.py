"""Preventive actions, edit rules tried on history, and their measured effect."""
