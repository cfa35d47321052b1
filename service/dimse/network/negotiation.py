"""Which presentation contexts are accepted, and in which transfer syntax: PS3.7 D.3, PS3.8 9.3."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from pydicom._uid_dict import UID_dictionary
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext

from service.transfer_syntaxes import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    TRANSFER_SYNTAXES,
    Kind,
)

VERIFICATION = "1.2.840.10008.1.1"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
PATIENT_ROOT, STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.1", "1.2.840.10008.5.1.4.1.2.2"
FINDS = (f"{PATIENT_ROOT}.1", f"{STUDY_ROOT}.1")
MOVES = (f"{PATIENT_ROOT}.2", f"{STUDY_ROOT}.2")
GETS = (f"{PATIENT_ROOT}.3", f"{STUDY_ROOT}.3")
SERVICES = (VERIFICATION, STORAGE_COMMITMENT, *FINDS, *MOVES, *GETS)
"""SOP classes that are served besides storage."""

LITTLE_ENDIAN = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
"""Transfer syntaxes of identifiers, which are written in no other."""

IMPLICIT_ONLY = (IMPLICIT_VR_LITTLE_ENDIAN,)

_ACCEPTED, _NO_ABSTRACT_SYNTAX, _NO_TRANSFER_SYNTAX = 0, 3, 4  # PS3.8 Table 9-18

Roles = Mapping[str, tuple[bool, bool]]
"""SOP class → whether the requestor proposes to be SCU, and SCP."""


class Context(NamedTuple):
    """What is proposed for a SOP class: a transfer syntax alone, so that each is taken or not."""

    sop_class: str
    transfer_syntax: str


def negotiated(
    proposals: Sequence[PresentationContext], roles: Roles
) -> tuple[list[PresentationContext], list[SCP_SCU_RoleSelectionNegotiation]]:
    """Return what becomes of each context that is proposed, and the roles that are accepted."""
    results = [_result(proposal, roles) for proposal in proposals]
    accepted = {str(context.abstract_syntax) for context in results if context.result == _ACCEPTED}
    return results, [_role(sop_class, *roles[sop_class]) for sop_class in sorted(accepted & set(roles))]


def is_storage(sop_class: str) -> bool:
    """Tell whether instances of a SOP class are stored: all that nobody knows as something else."""
    return sop_class not in _others()


def storage_syntax(proposed: Sequence[str]) -> str | None:
    """Return the transfer syntax in which instances are best sent to us; None where none is known.

    A compressed one is taken before those that are not, as the sender has it compressed already; but where
    the sender would rather send it uncompressed, none by which values are lost. Big endian comes last, before
    what the Standard has and nobody here decodes.
    """
    known = [uid for uid in proposed if uid in TRANSFER_SYNTAXES]
    if not known:
        return next(filter(_is_transfer_syntax, proposed), None)
    if _is_compressed(known[0]):
        return known[0]
    lossless = (uid for uid in known if _is_compressed(uid) and not TRANSFER_SYNTAXES[uid].lossy)
    little_endian = (
        uid for uid in known if uid != EXPLICIT_VR_BIG_ENDIAN and not TRANSFER_SYNTAXES[uid].lossy
    )
    return next(lossless, None) or next(little_endian, known[0])


def sent_syntax(proposed: Sequence[str]) -> str | None:
    """Return the transfer syntax in which instances are sent to who gets them; None where none is known.

    All can be sent without compression, and nobody knows yet how they are stored.
    """
    return next((uid for uid in LITTLE_ENDIAN if uid in proposed), None) or storage_syntax(proposed)


def _result(proposal: PresentationContext, roles: Roles) -> PresentationContext:
    sop_class = str(proposal.abstract_syntax)
    proposed = [str(uid) for uid in proposal.transfer_syntax]
    context = PresentationContext()
    context.context_id = proposal.context_id
    context.abstract_syntax = proposal.abstract_syntax
    is_scu, is_scp = roles.get(sop_class, (True, False))
    context._as_scp, context._as_scu = is_scu, is_scp
    syntax = proposed[0] if proposed else IMPLICIT_VR_LITTLE_ENDIAN
    if sop_class in SERVICES:
        chosen = next((uid for uid in LITTLE_ENDIAN if uid in proposed), None)
    elif is_storage(sop_class):
        chosen = sent_syntax(proposed) if is_scp else storage_syntax(proposed)
    else:
        context.transfer_syntax, context.result = [syntax], _NO_ABSTRACT_SYNTAX
        return context
    context.transfer_syntax = [chosen or syntax]
    context.result = _ACCEPTED if chosen else _NO_TRANSFER_SYNTAX
    return context


def _role(sop_class: str, is_scu: bool, is_scp: bool) -> SCP_SCU_RoleSelectionNegotiation:
    role = SCP_SCU_RoleSelectionNegotiation()
    role.sop_class_uid = sop_class
    role.scu_role, role.scp_role = is_scu, is_scp
    return role


def _is_transfer_syntax(uid: str) -> bool:
    """Tell whether the Standard has a transfer syntax that is not known here: it is kept as it comes."""
    return uid in UID_dictionary and UID_dictionary[uid][1] == "Transfer Syntax"


def _is_compressed(uid: str) -> bool:
    return TRANSFER_SYNTAXES[uid].kind in (Kind.COMPRESSED, Kind.VIDEO)


@cache
def _others() -> frozenset[str]:
    """Return the SOP classes of the Standard that are not storage."""
    return frozenset(
        uid
        for uid, (name, kind, *_) in UID_dictionary.items()
        if "SOP Class" in kind and ("Storage" not in name or "Commitment" in name or "Directory" in name)
    )
