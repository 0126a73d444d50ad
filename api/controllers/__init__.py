"""Handlers: a few lines each, between HTTP and what they ask for."""
