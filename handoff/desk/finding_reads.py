"""Tags and custom fields beside a case. Two statements."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handoff.desk.beside import Beside
from handoff.finding import case_fields, tags
from handoff.models import FieldKind


@dataclass(frozen=True)
class FieldOnCase:
    name: str
    label: str
    kind: str
    options: tuple[str, ...]
    value: str

    @property
    def input_type(self) -> str:
        return "date" if self.kind == FieldKind.DATE else "text"


@dataclass(frozen=True)
class FieldsPanel:
    ref: str
    tags: tuple[str, ...]
    fields: tuple[FieldOnCase, ...]


async def panel(session: AsyncSession, beside: Beside) -> FieldsPanel:
    case = beside.case
    fields = tuple(
        FieldOnCase(one.name, one.label, one.kind, tuple(map(str, one.options)), case_fields.shown(case, one))
        for one in await case_fields.of_topic(session, case.topic)
    )
    return FieldsPanel(case.ref, tuple(await tags.of(session, case.id)), fields)
