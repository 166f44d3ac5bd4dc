"""Which pages may talk to the hub: its own, and those of the sites that carry the widget."""

from urllib.parse import urlsplit

from handoff.settings import settings

LOOPBACK = ("127.0.0.1", "localhost")


def is_allowed(origin: str | None) -> bool:
    """Whether pages of this origin may talk to the hub. Programs that are no browser send none."""
    if not origin:
        return True
    ours = urlsplit(settings().public_url)
    theirs = urlsplit(origin)
    if ours.hostname in LOOPBACK and theirs.hostname in LOOPBACK and ours.port == theirs.port:
        return True
    allowed = {settings().public_url, *filter(None, (one.strip() for one in settings().allowed_origins.split(",")))}
    return origin in {f"{(parts := urlsplit(one)).scheme}://{parts.netloc}" for one in allowed}


def for_origin(origin: str | None) -> dict[str, str]:
    """The headers that let a page of an allowed origin read an answer."""
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin and is_allowed(origin) else {}
