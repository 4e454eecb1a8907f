"""Mail: written with the act that causes it, delivered by the worker."""
