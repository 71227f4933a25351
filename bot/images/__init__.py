"""The image API: a protocol without I/O, an HTTP client, downloads."""
