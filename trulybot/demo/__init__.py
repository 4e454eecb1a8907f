"""A shop that does not exist, to see the product at work: its knowledge, and its website on another origin."""
