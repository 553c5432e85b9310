"""How gunicorn runs a peer: one process as the bot is, on a free port, which is printed, with connections kept."""

bind = "127.0.0.1:0"
workers = 1
worker_class = "gthread"
threads = 8
keepalive = 75


def when_ready(server: object) -> None:
    """Say where it listens."""
    [listener] = getattr(server, "LISTENERS", ())
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
