"""The client of every server that speaks OpenAI's chat completions."""
