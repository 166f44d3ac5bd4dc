"""The place in a text that was found, with the found words marked. Pages escape the pieces; nothing here is markup."""

from dataclasses import dataclass

from handoff.finding.questions import WORD, Question, plain

READ = 20_000
AROUND = 60
LONGEST = 200
ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ers", "er", "ed", "es", "ly", "s", "e", "y")


@dataclass(frozen=True)
class Piece:
    text: str
    is_found: bool = False


def of(text: str, question: Question) -> tuple[Piece, ...]:
    """The line that has most of the words, around the first of them; of two alike the first.

    The index has judged which texts fit; this only shows why, so endings are cut more simply than the index does.
    """
    roots = {_root(word) for word in question.words}
    starts = tuple(term.words[-1] for term in question.terms)
    best: tuple[int, str, list[tuple[int, int]]] = (0, "", [])
    for line in text.splitlines():
        folded = plain(line)
        if not any(beginning in folded for beginning in (*roots, *starts)):
            continue
        places = [
            found.span()
            for found in WORD.finditer(line)
            if _root(word := plain(found[0])) in roots or word.startswith(starts)
        ]
        count = len({plain(line[start:end]) for start, end in places})
        if count > best[0]:
            best = (count, line, places)
    return _pieces(best[1], best[2])


def _pieces(line: str, places: list[tuple[int, int]]) -> tuple[Piece, ...]:
    if not places:
        return ()
    start = max(0, places[0][0] - AROUND)
    start = line.rfind(" ", 0, start + 1) + 1 if start else 0
    end = min(len(line), start + LONGEST)
    pieces, at = [Piece("… ")] if start else [], start
    for first, last in places:
        if last > end:
            break
        pieces += [Piece(line[at:first]), Piece(line[first:last], True)]
        at = last
    pieces += [Piece(line[at:end])] + ([Piece(" …")] if end < len(line) else [])
    return tuple(piece for piece in pieces if piece.text)


def _root(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word.removesuffix(ending)
    return word
