"""How well the bot finds and answers: golden questions, asked and judged."""
