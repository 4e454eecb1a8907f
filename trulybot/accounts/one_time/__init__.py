"""What lets a person in once: codes and links by mail or phone, and PKCE."""
