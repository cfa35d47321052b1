"""Which message of PS3.15 A.5.3 tells of which action. Codes of DCM, PS3.16 CID 400 to 405."""

from typing import NamedTuple

from service.audit.event import Action


class Code(NamedTuple):
    """A coded value.

    Attributes:
        value: of the code.
        meaning: of it.
        scheme: whose code it is.
    """

    value: str
    meaning: str
    scheme: str = "DCM"


class Kind(NamedTuple):
    """A kind of message.

    Attributes:
        event: Event ID, CID 400.
        action: Event Action Code: Create, Read, Update, Delete, Execute.
        types: Event Type Codes, CID 401.
        brings: instances come from the caller; they go to the caller otherwise.
        life_cycle: Participant Object Data Life Cycle of what it is about.
    """

    event: Code
    action: str
    types: tuple[Code, ...] = ()
    brings: bool = False
    life_cycle: str = "6"


APPLICATION, SOURCE, DESTINATION = (
    Code("110150", "Application"),
    Code("110153", "Source Role ID"),
    Code("110152", "Destination Role ID"),
)
STUDY_UID, SOP_CLASS_UID = Code("110180", "Study Instance UID"), Code("110181", "SOP Class UID")
NODE_ID = Code("110182", "Node ID")
PATIENT_NUMBER = Code("2", "Patient Number", "RFC-3881")
URI = Code("12", "URI", "RFC-3881")

_ACTIVITY = Code("110100", "Application Activity")
_ACCESSED = Code("110103", "DICOM Instances Accessed")
_TRANSFERRED = Code("110104", "DICOM Instances Transferred")
_ALERT = Code("110113", "Security Alert")
_AUTHENTICATION = Code("110114", "User Authentication")
_LOGIN, _LOGOUT = Code("110122", "Login"), Code("110123", "Logout")
_RESTRICTED = Code("110132", "Use of Restricted Function")
_OBJECT_SECURITY = Code("110135", "Object Security Attributes Changed")
_USER_SECURITY = Code("110137", "User Security Attributes Changed")

KINDS = {
    Action.START: Kind(_ACTIVITY, "E", (Code("110120", "Application Start"),)),
    Action.STOP: Kind(_ACTIVITY, "E", (Code("110121", "Application Stop"),)),
    Action.SIGN_IN: Kind(_AUTHENTICATION, "E", (_LOGIN,)),
    Action.SIGN_OUT: Kind(_AUTHENTICATION, "E", (_LOGOUT,)),
    Action.AUTHENTICATE: Kind(_AUTHENTICATION, "E", (_LOGIN,)),
    Action.STORE: Kind(_TRANSFERRED, "C", brings=True, life_cycle="1"),
    Action.IMPORT: Kind(Code("110107", "Import"), "C", brings=True, life_cycle="2"),
    Action.QUERY: Kind(Code("110112", "Query"), "E"),
    Action.RETRIEVE: Kind(_TRANSFERRED, "R"),
    Action.EXPORT: Kind(Code("110106", "Export"), "R", life_cycle="10"),
    Action.DELETE: Kind(_ACCESSED, "D", life_cycle="15"),
    Action.MAKE_LINK: Kind(_ALERT, "E", (_OBJECT_SECURITY,), life_cycle="11"),
    Action.REVOKE_LINK: Kind(_ALERT, "E", (_OBJECT_SECURITY,), life_cycle="11"),
    Action.LIST_LINKS: Kind(_ACCESSED, "R"),
    Action.MAKE_KEY: Kind(_ALERT, "E", (_USER_SECURITY,)),
    Action.REVOKE_KEY: Kind(_ALERT, "E", (_USER_SECURITY,)),
    Action.CHANGE_TENANT: Kind(_ALERT, "E", (_OBJECT_SECURITY,), life_cycle="3"),
    Action.READ_TENANT: Kind(_ACCESSED, "R"),
    Action.CHANGE_WEBHOOK: Kind(_ALERT, "E", (Code("110128", "Network Configuration"),)),
    Action.LIST_WEBHOOKS: Kind(_ACCESSED, "R"),
    Action.LIST_SENDINGS: Kind(_ACCESSED, "R"),
    Action.READ_AUDIT: Kind(Code("110101", "Audit Log Used"), "R"),
}

STUDY_DELETED = Kind(Code("110105", "DICOM Study Deleted"), "D", life_cycle="15")
"""Of a study that is gone as a whole, where DELETE is of a part of it."""

REFUSED = Kind(_ALERT, "E", (_RESTRICTED,))
"""Of who is known, and may not do what they have tried."""
