"""The pages and moves of conversations. Each route reads or runs one verb, then draws what is true afterwards."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Header, Query
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, conversations, deliveries, facts, handbacks, handovers, ledger
from handoff.desk import lists, message_reads, reads
from handoff.desk.drawing import HEADERS, draw
from handoff.desk.forms import GivenBackForm, ResolutionForm, Split, TransferForm, Utterance, UtteranceForm
from handoff.desk.pages import AnsweredWarning, Queue, StaleWarning
from handoff.desk.saying import Said, with_words
from handoff.desk.visit import Actor, Reader, Visit
from handoff.errors import StaleView
from handoff.ledger import Speaker
from handoff.models import Message
from handoff.ports import Attached, Words

router = APIRouter(prefix="/desk")
InQueue = Annotated[Queue, Query()]
Search = Annotated[str, Query(max_length=100)]


@router.get("")
async def desk(visit: Reader, queue: InQueue = Queue.NOBODY, search: Search = "") -> HTMLResponse:
    page = await visit.read(lambda session: lists.conversations(session, visit.me, queue, search))
    return draw("desk.html", None, visit.me, list=page)


@router.get("/list")
async def conversation_list(visit: Reader, queue: InQueue = Queue.NOBODY, search: Search = "") -> HTMLResponse:
    page = await visit.read(lambda session: lists.conversations(session, visit.me, queue, search))
    return draw("_list.html", None, visit.me, list=page)


@router.get("/canned")
async def canned(visit: Reader) -> JSONResponse:
    found = await visit.read(reads.canned)
    return JSONResponse([{"shortcut": one.shortcut, "text": one.text} for one in found], headers=HEADERS)


@router.get("/c/{conversation_id}")
async def conversation(
    visit: Reader,
    conversation_id: str,
    queue: InQueue = Queue.NOBODY,
    search: Search = "",
    hx_request: Annotated[str | None, Header()] = None,
) -> HTMLResponse:
    """The whole desk, or only its stage when the page is open already."""
    if hx_request:
        return await stage(visit, conversation_id, queue)

    async def look(session: AsyncSession) -> tuple[Any, Any]:
        page = await reads.conversation(session, visit.me, conversation_id, queue, visit.settings.assistant_name)
        return page, await lists.conversations(session, visit.me, queue, search)

    page, listed = await visit.read(look)
    return draw("desk.html", page, visit.me, list=listed)


async def stage(visit: Visit, conversation_id: str, queue: Queue, template: str = "_stage.html") -> HTMLResponse:
    name = visit.settings.assistant_name
    page = await visit.read(lambda session: reads.conversation(session, visit.me, conversation_id, queue, name))
    return draw(template, page, visit.me)


@router.get("/c/{conversation_id}/details")
async def details(visit: Reader, conversation_id: str, queue: InQueue = Queue.NOBODY) -> HTMLResponse:
    return await stage(visit, conversation_id, queue, "_details.html")


@router.get("/c/{conversation_id}/head")
async def head(visit: Reader, conversation_id: str, queue: InQueue = Queue.NOBODY) -> HTMLResponse:
    return await stage(visit, conversation_id, queue, "_head.html")


@router.get("/c/{conversation_id}/messages")
async def messages(visit: Reader, conversation_id: str, after: int = 0, before: int | None = None) -> HTMLResponse:
    name = visit.settings.assistant_name
    found = await visit.read(
        lambda session: message_reads.messages(session, conversation_id, assistant=name, after=after, before=before)
    )
    return draw("_messages.html", found, visit.me)


@router.get("/c/{conversation_id}/messages/{message_id}")
async def message(visit: Reader, conversation_id: str, message_id: str) -> HTMLResponse:
    """One message again: something about it changed."""
    name = visit.settings.assistant_name
    found = await visit.read(
        lambda session: message_reads.message(session, conversation_id, message_id, assistant=name)
    )
    return draw("_messages.html", found, visit.me)


@router.get("/c/{conversation_id}/messages/{message_id}/versions")
async def versions(visit: Reader, conversation_id: str, message_id: str) -> HTMLResponse:
    """What it said before."""
    found = await visit.read(lambda session: message_reads.versions(session, conversation_id, message_id))
    return draw("_versions.html", found, visit.me)


@router.post("/c/{conversation_id}/messages/{message_id}/edit")
async def reword(
    visit: Actor, conversation_id: str, message_id: str, text: Annotated[str, Form(max_length=4000)] = ""
) -> HTMLResponse:
    """Own words in a new wording, here and where they arrived."""
    await visit.write(lambda session: deliveries.change(session, visit.agent, message_id, text))
    return await message(visit, conversation_id, message_id)


@router.post("/c/{conversation_id}/messages/{message_id}/take-back")
async def take_back(visit: Actor, conversation_id: str, message_id: str) -> HTMLResponse:
    await visit.write(lambda session: deliveries.take_back(session, visit.agent, message_id))
    return await message(visit, conversation_id, message_id)


@router.post("/c/{conversation_id}/messages/{message_id}/remove")
async def remove(visit: Actor, conversation_id: str, message_id: str) -> HTMLResponse:
    """Anybody's words and files, for good."""
    await visit.write(lambda session: cases.redact_message(session, message_id, visit.agent))
    return await message(visit, conversation_id, message_id)


@router.post("/c/{conversation_id}/about")
async def about(
    visit: Actor, conversation_id: str, ref: Annotated[str, Form(max_length=16)], queue: InQueue = Queue.MINE
) -> HTMLResponse:
    """Which of the customer's cases new words belong to."""
    await visit.write(lambda session: cases.talk_about(session, conversation_id, ref, visit.agent))
    return await stage(visit, conversation_id, queue)


@router.post("/c/{conversation_id}/split")
async def split(
    visit: Actor, conversation_id: str, form: Annotated[Split, Form()], queue: InQueue = Queue.MINE
) -> HTMLResponse:
    """The chosen messages become a case of their own; they must be of one case."""

    async def step(session: AsyncSession) -> Said:
        ref = await reads.case_of(session, form.message_ids)
        new = await cases.split(
            session,
            ref,
            visit.agent,
            form.message_ids,
            title=form.title,
            team=form.team or None,
            idempotency_key=form.key,
        )
        made = (await cases.moves_of(session, new.id))[0]
        undo = f"/desk/c/{conversation_id}/moves/{made.id}/undo"
        return Said(f"{new.ref} was made of them.", undo, f"/desk/cases/{new.ref}")

    said = await visit.write(step)
    return with_words(await stage(visit, conversation_id, queue), said)


@router.post("/c/{conversation_id}/moves/{move_id}/undo")
async def undo(visit: Actor, conversation_id: str, move_id: str, queue: InQueue = Queue.MINE) -> HTMLResponse:
    await visit.write(lambda session: cases.undo(session, move_id, visit.agent))
    return with_words(await stage(visit, conversation_id, queue), Said("The split is undone."))


@router.post("/c/{conversation_id}/check")
async def check(visit: Actor, conversation_id: str, draft: Annotated[str, Form(max_length=4000)]) -> Response:
    """What the customer already said that answers the question being typed; 204 when nothing does."""
    known = await visit.read(lambda session: facts.current(session, conversation_id))
    answered = facts.already_answered(draft, known)
    if not answered:
        return Response(status_code=204)
    return draw("_answered.html", AnsweredWarning(tuple(reads.fact_view(fact) for fact in answered)), visit.me)


@router.post("/c/{conversation_id}/say")
async def say(visit: Actor, conversation_id: str, form: UtteranceForm) -> HTMLResponse:
    """The stored message as everybody sees it; 409 with what the agent has not seen yet."""
    try:
        stored = await visit.write(lambda session: _utter(session, visit, conversation_id, form))
    except StaleView:
        return await _stale(visit, conversation_id, form.seen_seq)
    name = visit.settings.assistant_name
    shown = await visit.read(lambda session: message_reads.message(session, conversation_id, stored.id, assistant=name))
    return draw("_messages.html", shown, visit.me)


async def _utter(session: AsyncSession, visit: Visit, conversation_id: str, form: Utterance) -> Message:
    speaker = Speaker.of(visit.agent)
    if form.is_note:
        return await ledger.note(session, conversation_id, speaker, form.text, client_ref=form.client_ref)
    seen_seq = None if form.anyway else form.seen_seq
    return await conversations.say(
        session,
        conversation_id,
        speaker,
        Words(form.text),
        client_ref=form.client_ref,
        seen_seq=seen_seq,
        files=[Attached(one) for one in form.attachments],
    )


async def _stale(visit: Visit, conversation_id: str, seen_seq: int) -> HTMLResponse:
    name = visit.settings.assistant_name
    missed = await visit.read(
        lambda session: message_reads.messages(session, conversation_id, assistant=name, after=seen_seq)
    )
    page = StaleWarning(conversation_id, missed, seen_seq, missed[-1].seq if missed else seen_seq)
    return draw("_stale.html", page, visit.me, status=409)


@router.post("/c/{conversation_id}/accept")
async def accept(visit: Actor, conversation_id: str, queue: InQueue = Queue.MINE) -> HTMLResponse:
    await visit.write(lambda session: handovers.accept(session, conversation_id, visit.agent))
    return await stage(visit, conversation_id, queue)


@router.post("/c/{conversation_id}/decline")
async def decline(visit: Actor, conversation_id: str, queue: InQueue = Queue.NOBODY) -> HTMLResponse:
    await visit.write(lambda session: handovers.decline(session, conversation_id, visit.agent))
    return await stage(visit, conversation_id, queue)


@router.post("/c/{conversation_id}/take-over")
async def take_over(visit: Actor, conversation_id: str, queue: InQueue = Queue.MINE) -> HTMLResponse:
    await visit.write(lambda session: handovers.take_over(session, conversation_id, visit.agent))
    return await stage(visit, conversation_id, queue)


@router.post("/c/{conversation_id}/transfer")
async def transfer(visit: Actor, conversation_id: str, form: TransferForm, queue: InQueue = Queue.MINE) -> HTMLResponse:
    await visit.write(lambda session: handovers.transfer(session, conversation_id, visit.agent, form.team, form.note))
    return await stage(visit, conversation_id, queue)


@router.post("/c/{conversation_id}/resolve")
async def resolve(
    visit: Actor, conversation_id: str, form: ResolutionForm, queue: InQueue = Queue.MINE
) -> HTMLResponse:
    await visit.write(lambda session: handbacks.resolve(session, conversation_id, visit.agent, form.resolution))
    return await stage(visit, conversation_id, queue)


@router.post("/c/{conversation_id}/give-back")
async def give_back(
    visit: Actor, conversation_id: str, form: GivenBackForm, queue: InQueue = Queue.MINE
) -> HTMLResponse:
    handback = form.handback()
    await visit.write(lambda session: handbacks.give_back(session, conversation_id, visit.agent, handback))
    return await stage(visit, conversation_id, queue)
