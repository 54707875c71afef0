"""Files of ours on their way out."""
