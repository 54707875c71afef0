"""The embedded PostgreSQL: finds binaries, makes a cluster, keeps it reachable on a unix socket."""
