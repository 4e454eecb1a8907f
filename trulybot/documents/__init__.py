"""What a workspace knows: upload, read, cut, embed, find again."""
