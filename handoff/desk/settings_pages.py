"""The settings of the desk: which sections there are, and how one is drawn. Supervisors only (`visit.Supervisor`).

A section is a template `settings/<name>.html` that extends `settings/_frame.html`, with routes under
`/desk/settings/<name>` in a module of its own. Its forms post with htmx and get the whole section back, with a
sentence in `said` about what was done.
"""

from dataclasses import dataclass
from typing import Any

from fastapi.responses import HTMLResponse

from handoff.desk.drawing import draw
from handoff.desk.pages import Me


@dataclass(frozen=True)
class Section:
    name: str
    label: str

    @property
    def href(self) -> str:
        return f"/desk/settings/{self.name}"


SECTIONS: tuple[Section, ...] = (
    Section("teams", "Teams"),
    Section("agents", "Agents"),
    Section("skills", "Skills"),
    Section("calendars", "Calendars"),
    Section("routes", "Routes"),
    Section("clocks", "Clocks"),
    Section("triggers", "Triggers"),
    Section("canned", "Canned answers"),
    Section("articles", "Articles"),
    Section("fields", "Fields"),
    Section("views", "Views and tags"),
    Section("exceptions", "Exceptions"),
    Section("partners", "Partners"),
    Section("webhooks", "Webhooks"),
)
"""In the order of the menu."""


def draw_section(name: str, page: Any, me: Me, said: str | None = None, **more: Any) -> HTMLResponse:
    """The page of a section; `page` is its frozen value."""
    return draw(f"settings/{name}.html", page, me, sections=SECTIONS, current=name, said=said, **more)
