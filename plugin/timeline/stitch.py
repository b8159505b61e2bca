"""Segments of one order become one service (decision D2 of the code book).

Segments of one order join when the gap is 15 minutes or less, or when the earlier one is charted as stopped.
Without a common order only a gap of 0 minutes joins.
Different orders never join, and pushes and injections are never stitched.
"""

from collections import defaultdict
from collections.abc import Sequence

from plugin.codebook import View
from plugin.domain import Administration, Status, Technique
from plugin.timeline.pieces import MOMENTARY, Piece
from plugin.timeline.sites import catheter

Chain = tuple[Piece, ...]


def chains(given: Sequence[Piece], book: View) -> list[Chain]:
    """Each service's pieces in order of time."""
    parents = {parent for piece in given for parent in piece.administration.part_of}
    groups: dict[tuple[str, ...], list[Piece]] = defaultdict(list)
    found: list[Chain] = []
    for piece in given:
        administration, drug = piece.administration, piece.drug
        if piece.intended in MOMENTARY:
            found.append((piece,))
        elif link := _link(administration, parents):
            groups[("order", link, drug.key)].append(piece)
        else:
            groups[("site", drug.key, catheter(administration.site))].append(piece)
    for kind, pieces in groups.items():
        if len(pieces) == 1:
            found.append((pieces[0],))
            continue
        pieces.sort(key=lambda p: (_moment(p), p.administration.id))
        found += _join(_close(pieces) if kind[0] == "order" else pieces, kind[0] == "order", book)
    return found


def _link(a: Administration, parents: set[str]) -> str:
    if a.request:
        return a.request
    if a.part_of:
        return a.part_of[0]
    return a.id if a.id in parents else ""


def _moment(piece: Piece) -> int:
    return (piece.stop or 0) if piece.start is None else piece.start


def _close(pieces: list[Piece]) -> list[Piece]:
    """End open pieces by the next row of their order that says so: dose 0, a lone stop, or the next rate."""
    done: list[Piece] = []
    for piece in pieces:
        last = done[-1] if done else None
        if last is not None and last.start is not None and last.stop is None:
            if piece.is_end_marker or piece.start is None:
                done[-1] = last.closed(_moment(piece), piece.administration)
                continue
            if _rate_changed(last, piece):
                done[-1] = last.closed(_moment(piece), None)
        elif last is not None and piece.is_end_marker:
            done[-1] = last.closed(last.stop, piece.administration) if last.stop is not None else last
            continue
        done.append(piece)
    return done


def _rate_changed(last: Piece, piece: Piece) -> bool:
    before, after = last.administration.rate, piece.administration.rate
    return before is not None and after is not None and before != after


def _join(pieces: list[Piece], one_order: bool, book: View) -> list[Chain]:
    found: list[list[Piece]] = []
    for piece in pieces:
        if found and _continues(_furthest(found[-1]), piece, one_order, book):
            found[-1].append(piece)
        else:
            found.append([piece])
    return [tuple(chain) for chain in found]


def _furthest(chain: list[Piece]) -> Piece:
    """The piece that ran longest so far; an open one runs on."""
    return max(chain, key=lambda p: (p.stop is None, p.stop or 0))


def _continues(last: Piece, piece: Piece, one_order: bool, book: View) -> bool:
    if last.stop is None or piece.start is None:
        return False
    gap = piece.start - last.stop
    if not one_order:
        return 0 <= gap < 60
    paused = last.administration.status is Status.STOPPED and gap < book.limit("implausible") * 60
    return (paused or gap <= book.limit("stitch_gap") * 60) and _runs(last, piece, gap, book)


def _runs(last: Piece, piece: Piece, gap: int, book: View) -> bool:
    """Two short pieces apart, with nothing said about how, are two pushes and not a run."""
    if gap <= 0 or Technique.INFUSION in (last.intended, piece.intended):
        return True
    short = book.limit("infusion_minimum") * 60
    return any(p.length is None or p.length >= short for p in (last, piece))
