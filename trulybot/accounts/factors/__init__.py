"""Second factors: codes of an authenticator app, and one-time codes for who loses it."""
