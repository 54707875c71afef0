"""The HTTP API: tokens, worklist, claims, activities, webhooks."""
