"""One file a group of commands. ``bot.cli`` names them; they are imported when they run."""
