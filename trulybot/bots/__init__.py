"""How a workspace's bot behaves: its tone, its model, what that may cost."""
