"""What the bot imports at its start: a library that is large and seldom needed is imported when it is."""

import subprocess
import sys

SELDOM_NEEDED = ("wechatpy", "requests", "pypinyin", "alembic", "rich.progress", "segno", "python_calamine")


def test_what_is_seldom_needed_is_not_imported_at_the_start() -> None:
    program = f"import bot.serve, sys; print(*sorted(sys.modules.keys() & {set(SELDOM_NEEDED)!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # ours
    assert done.stdout.split() == []
