"""People, sign-in and sessions, by the wire contract of Supabase's auth server (GoTrue)."""
