"""Mail that leaves: queued, sent by SMTP, and kept in a delivery log. Never patient data."""
