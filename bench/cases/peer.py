"""The peer's side: django-helpdesk with the same cases, through its own pages. Runs in its own environment, alone.

    build/helpdesk/bin/python bench/cases/peer.py cases.jsonl folder rounds

Staff sign in once. Timed: its ticket form (create), its list page and the table that page fetches (list), its ticket
page (open), a public comment by its update form (reply), and its list with a search (search). The last line is JSON:
milliseconds by operation.
"""

import json
import random
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

PRIORITIES = {"urgent": 1, "high": 2, "normal": 3, "low": 4}
STATUSES = {"open": 1, "waiting": 1, "resolved": 3}
WARM_UP = 3
QUESTIONS = ("router Maple", "router", "Maya Okafor", "Elm Street", "412 Mill Lane")


def configure(folder: Path) -> None:
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="bench-only",  # noqa: S106, of a database that is thrown away
        DEBUG=False,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        SITE_ID=1,
        LANGUAGE_CODE="en",
        STATIC_URL="/static/",
        MEDIA_ROOT=str(folder / "media"),
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        HELPDESK_TEAMS_MODE_ENABLED=False,
        HELPDESK_TEAMS_MODEL="auth.Group",
        HELPDESK_TEAMS_MIGRATION_DEPENDENCIES=[],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "helpdesk.db")}},
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.sites",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "django.contrib.humanize",
            "rest_framework",
            "helpdesk",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.debug",
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
    )
    django.setup()


def fill(cases: Path) -> None:
    """Its own tables by its own migrations; tickets in bulk, each with the words of the case as its description."""
    from django.core.management import call_command
    from helpdesk.models import Queue, Ticket

    call_command("migrate", verbosity=0)
    if Ticket.objects.exists():
        return
    queues = {name: Queue.objects.create(title=name, slug=name) for name in TEAMS}
    rows = (json.loads(line) for line in cases.open(encoding="utf-8"))
    tickets = [
        Ticket(
            title=row["title"],
            description=row["words"],
            queue=queues[row["team"]],
            status=STATUSES[row["status"]],
            priority=PRIORITIES[row["priority"]],
            submitter_email=row["email"],
            created=datetime.fromisoformat(row["created_at"]),
        )
        for row in rows
    ]
    Ticket.objects.bulk_create(tickets, batch_size=500)


TEAMS = ("care", "returns", "network", "billing", "retention")


def measure(rounds: int) -> dict[str, list[float]]:
    from django.contrib.auth import get_user_model
    from django.test import Client
    from helpdesk.models import Queue, Ticket
    from helpdesk.query import query_to_base64

    staff, _ = get_user_model().objects.get_or_create(
        username="bench", defaults={"is_staff": True, "is_superuser": True, "email": "bench@example.com"}
    )
    client, chance = Client(), random.Random(7)
    client.force_login(staff)
    ids = list(Ticket.objects.order_by("-id").values_list("id", flat=True)[:500])
    ids += list(Ticket.objects.order_by("id").values_list("id", flat=True)[:500])
    queue = Queue.objects.get(slug="returns").id
    table = {"draw": 1, "start": 0, "length": 50, "order[0][column]": 0, "order[0][dir]": "desc"}

    def listed(search: str = "") -> list[Any]:
        query = {
            "filtering": {} if search else {"status__in": [1, 2]},
            "filtering_null": {},
            "sorting": "created",
            "sortreverse": False,
            "search_string": search,
        }
        asked = {"search_type": "header", "q": search} if search else {}
        page = client.get("/tickets/", asked)
        return [page, client.get(f"/datatables_ticket_list/{query_to_base64(query)}", table)]

    def create() -> list[Any]:
        told = {"title": "The router again", "body": "It blinks red since Monday", "queue": queue, "priority": 3}
        return [client.post("/tickets/submit/", {**told, "submitter_email": "maya@example.com"})]

    def reply() -> list[Any]:
        told = {"comment": "I have looked at it and it is on its way.", "new_status": 1, "public": "1"}
        return [client.post(f"/tickets/{chance.choice(ids)}/update/", told)]

    verbs = {
        "create": create,
        "list": listed,
        "open": lambda: [client.get(f"/tickets/{chance.choice(ids)}/")],
        "reply": reply,
        "search": lambda: listed(chance.choice(QUESTIONS)),
    }
    taken: dict[str, list[float]] = {name: [] for name in verbs}
    for number in range(WARM_UP + rounds):
        for name, verb in verbs.items():
            start = time.perf_counter()
            answers = verb()
            ms = (time.perf_counter() - start) * 1000
            wrong = [one for one in answers if one.status_code >= 400 or (name == "create" and one.status_code != 302)]
            if wrong:
                raise SystemExit(f"{name}: {wrong[0].status_code} {wrong[0].content[:2000]!r}")
            if number >= WARM_UP:
                taken[name].append(ms)
    return taken


def __getattr__(name: str) -> Any:
    """`urlpatterns`, asked for once Django is set up."""
    if name == "urlpatterns":
        from django.contrib import admin
        from django.urls import include, path

        return [path("admin/", admin.site.urls), path("", include("helpdesk.urls"))]
    raise AttributeError(name)


if __name__ == "__main__":
    cases_file, into, many = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    configure(into)
    fill(cases_file)
    print(json.dumps(measure(many)))
