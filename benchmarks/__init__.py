"""Measurements of the real bot process between the stand-ins."""
