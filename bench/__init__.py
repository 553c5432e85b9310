"""Benchmarks: what the bot reaches beside a bare server, measured in one run on one machine."""
