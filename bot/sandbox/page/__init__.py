"""The chat page on loopback: its server, its WebSocket, and the bot process behind it."""
