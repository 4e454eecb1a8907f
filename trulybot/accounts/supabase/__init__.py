"""A Supabase project that signs people in for us: its tokens, and the people and sessions that they speak of."""
