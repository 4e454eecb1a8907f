"""Fetch from addresses that a tenant names, without becoming a tool against the network we stand in."""
