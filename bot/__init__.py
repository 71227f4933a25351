"""Darkroom: a Discord bot that makes, edits and fuses images and never loses one."""
