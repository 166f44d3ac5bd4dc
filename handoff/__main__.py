from handoff.cli import app

app()
