"""What goes from one case to another and what ties them: split, join with a look before, undo, link; and who waits.

Everything answers with the page of the case as it is then; what can be taken back says so in passing.
"""

from typing import Annotated, Literal

from fastapi import Form, Query
from fastapi.responses import HTMLResponse
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.cases import Actor as CaseActor
from handoff.desk import case_reads
from handoff.desk.case_routes import page_of
from handoff.desk.drawing import draw
from handoff.desk.forms import Filled, Split
from handoff.desk.saying import Said, with_words
from handoff.desk.visit import Actor, Reader
from handoff.errors import TellonceError
from handoff.masking import CardFree
from handoff.models import CaseMove, CaseStatus, LinkKind, MoveKind
from handoff.routers import Router

router = Router(prefix="/desk/cases")
Text = Annotated[str, Form(max_length=1000)]


class Join(Filled):
    """`keep` is the case that goes on: the one the dialogue was opened on, or the other."""

    text: str = Field(default="", max_length=100)
    other: str = Field(default="", max_length=16)
    keep: Literal["this", "other"] = "this"
    reason: CardFree = Field(default="", max_length=1000)
    key: str = Field(min_length=8, max_length=60)

    def ends(self, ref: str) -> tuple[str, str]:
        """From which into which."""
        return (self.other, ref) if self.keep == "this" else (ref, self.other)


@router.post("/{ref}/split")
async def split(visit: Actor, ref: str, form: Annotated[Split, Form()]) -> HTMLResponse:
    async def step(session: AsyncSession) -> tuple[str, str]:
        new = await cases.split(
            session,
            ref,
            visit.agent,
            form.message_ids,
            title=form.title,
            team=form.team or None,
            idempotency_key=form.key,
        )
        return new.ref, await newest_move(session, new.id)

    new_ref, move_id = await visit.write(step)
    said = Said(f"{new_ref} was made of them.", f"/desk/cases/{ref}/moves/{move_id}/undo", f"/desk/cases/{new_ref}")
    return with_words(await page_of(visit, ref), said)


async def newest_move(session: AsyncSession, case_id: str) -> str:
    """Id of the newest split or join a case was part of."""
    return (await cases.moves_of(session, case_id))[0].id


@router.get("/{ref}/others")
async def others(visit: Reader, ref: str, text: Annotated[str, Query(max_length=100)] = "") -> HTMLResponse:
    """Cases it may be joined with or linked to."""

    async def look(session: AsyncSession) -> object:
        return await case_reads.others(session, await cases.get(session, ref), text)

    return draw("_case_others.html", await visit.read(look), visit.me, text=text)


@router.get("/{ref}/join-preview")
async def join_preview(visit: Reader, ref: str, form: Annotated[Join, Query()]) -> HTMLResponse:
    """What the join would do, or in a sentence why it cannot be."""
    if not form.other:
        return draw("_case_join_preview.html", None, visit.me, refusal=None)
    try:
        page = await visit.read(lambda session: cases.preview_join(session, *form.ends(ref), visit.agent))
    except TellonceError as refused:
        return draw("_case_join_preview.html", None, visit.me, refusal=refused.message)
    return draw("_case_join_preview.html", page, visit.me, refusal=None)


@router.post("/{ref}/join")
async def join(visit: Actor, ref: str, form: Annotated[Join, Form()]) -> HTMLResponse:
    source, target = form.ends(ref)

    async def step(session: AsyncSession) -> tuple[CaseMove, str]:
        made = await cases.join(session, source, target, visit.agent, reason=form.reason, idempotency_key=form.key)
        return made, (await cases.get(session, target)).ref

    made, kept = await visit.write(step)
    gone = (source if form.keep == "this" else ref).upper()
    said = Said(f"{gone} is part of {kept} now.", f"/desk/cases/{kept}/moves/{made.id}/undo")
    return with_words(await page_of(visit, kept), said, address=f"/desk/cases/{kept}")


@router.post("/{ref}/moves/{move_id}/undo")
async def undo(visit: Actor, ref: str, move_id: str) -> HTMLResponse:
    made = await visit.write(lambda session: cases.undo(session, move_id, visit.agent))
    what = "split" if made.kind == MoveKind.SPLIT else "join"
    return with_words(await page_of(visit, ref), Said(f"The {what} is undone."))


@router.post("/{ref}/links")
async def link(
    visit: Actor,
    ref: str,
    kind: Annotated[Literal["related", "parent", "child", "duplicate"], Form()],
    other: Text = "",
    text: Text = "",
) -> HTMLResponse:
    """`child` says the same as `parent` from the other end."""
    ends = (other or text, ref) if kind == "child" else (ref, other or text)
    meant = LinkKind.PARENT if kind == "child" else LinkKind(kind)
    await visit.write(lambda session: cases.link(session, *ends, visit.agent, meant))
    return await page_of(visit, ref)


@router.post("/{ref}/links/{link_id}/remove")
async def unlink(visit: Actor, ref: str, link_id: str) -> HTMLResponse:
    await visit.write(lambda session: cases.unlink(session, link_id, visit.agent))
    return await page_of(visit, ref)


@router.post("/{ref}/wait")
async def wait(
    visit: Actor, ref: str, whom: Annotated[Literal["customer", "partner", "nobody"], Form()]
) -> HTMLResponse:
    """Who has to do something before we can; `nobody` when it is our turn again."""
    actor = CaseActor.of(visit.agent)

    async def step(session: AsyncSession) -> None:
        await cases.must_work_on(visit.agent, await cases.get(session, ref))
        if whom == "nobody":
            await cases.set_status(session, ref, actor, CaseStatus.OPEN)
        else:
            await cases.wait_for(session, ref, actor, whom)

    await visit.write(step)
    return await page_of(visit, ref)


@router.post("/{ref}/mine")
async def mine(visit: Actor, ref: str) -> HTMLResponse:
    """Give it to whoever asks."""

    async def step(session: AsyncSession) -> None:
        await cases.must_work_on(visit.agent, await cases.get(session, ref))
        await cases.assign(session, ref, CaseActor.of(visit.agent), visit.agent)

    await visit.write(step)
    return await page_of(visit, ref)


@router.post("/{ref}/watch")
async def watch(visit: Actor, ref: str) -> HTMLResponse:
    await visit.write(lambda session: cases.watch(session, ref, visit.agent))
    return await page_of(visit, ref)


@router.post("/{ref}/unwatch")
async def unwatch(visit: Actor, ref: str) -> HTMLResponse:
    await visit.write(lambda session: cases.unwatch(session, ref, visit.agent))
    return await page_of(visit, ref)
