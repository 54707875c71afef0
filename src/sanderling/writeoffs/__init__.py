"""Write-offs: requests with a reason, approval by amount, and the posting that follows."""
