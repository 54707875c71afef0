"""Documents asked of a client, uploaded by a link, and the claims that wait for them."""
