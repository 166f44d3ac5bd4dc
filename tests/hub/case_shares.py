"""What the case model does with partners, and what each of them was given."""

from collections.abc import Collection, Sequence

from handoff import cases
from handoff.models import Case
from handoff.partners import shares
from tests.hub.case_known import Known, Shared


class Sharing(Known):
    async def share(self, case_id: str, chosen: Sequence[int], names: Sequence[str]) -> None:
        theirs = sorted(one for one, home in self.home.items() if home == case_id and one not in self.redacted)
        picked = sorted({theirs[index % len(theirs)] for index in chosen}) if theirs else []
        ref = await self._ref(case_id)
        async with self.desk.database.read() as session:
            known = [one for one in await cases.facts_of(session, case_id) if one.name in names]
        chosen_facts = list({one.name: one for one in reversed(known)}.values())
        asked = [one.id for one in chosen_facts]
        made = await self._try(
            lambda session: shares.open(
                session, ref, self.agent, self.partner.id, "Fetch it", [], picked, 7, sensitive=asked
            )
        )
        if made is not None:
            pinned = {(one.name, one.value) for one in chosen_facts}
            self.shared.append(Shared(made[1], made[0].id, case_id, set(picked), pinned))
            self._touch(case_id)

    async def partner_writes(self, index: int) -> None:
        """Words of a partner are their own to see, and belong where the work goes on."""
        one, text = self.shared[index], self._words("I was there")
        written = await self._try(lambda session: shares.write(session, one.token, text))
        if written is not None:
            one.marked.add(written.id)
        await self._settle()

    async def revoke(self, index: int) -> None:
        one = self.shared[index]
        await self._try(lambda session: shares.revoke(session, one.share_id, self.agent, "No longer needed"))
        one.is_over = True
        self._touch(*self.case_ids)

    async def _end_shares(self, case_ids: Collection[str]) -> None:
        """Of these cases, and of those that became part of them."""
        async with self.desk.database.read() as session:
            for one in self.shared:
                case = await session.get_one(Case, one.case_id)
                one.is_over = one.is_over or bool({case.id, (await cases.leads_to(session, case)).id} & {*case_ids})
