"""Dialogues of the clinic's staff; nobody else ever learns that there are any."""
