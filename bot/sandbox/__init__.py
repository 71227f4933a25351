"""Stand-ins of Discord and of the image API on loopback; imports nothing else of ours."""
