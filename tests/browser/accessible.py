"""What axe finds on a page that has come to rest."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def flaws(page: Page, context: str | None = None) -> list[str]:
    """Every finding of whatever weight, as `rule: element`; `context` is a selector to look no further than.

    Movement is switched off first, because words that are still fading in have the contrast of a half-drawn picture.
    """
    page.emulate_media(reduced_motion="reduce")
    found = Axe().run(page, context=context).response["violations"]
    return [f"{one['id']}: {' '.join(node['html'].split())[:160]}" for one in found for node in one["nodes"]]
