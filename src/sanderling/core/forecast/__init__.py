"""Cash of the weeks to come, from response times and recovery rates."""
