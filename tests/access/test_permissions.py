"""Roles as they are written in the settings, and what they permit."""

import pytest

from service.permissions import ROLES, Permission, parsed_roles, permitted

READ, WRITE, DELETE, ADMIN = Permission


def test_roles_are_read_as_they_are_written() -> None:
    roles = parsed_roles(" radiologist = read, write ;robot=write; ")

    assert roles == {"radiologist": {READ, WRITE}, "robot": {WRITE}}


@pytest.mark.parametrize("text", ["radiologist", "=read", "radiologist=", "radiologist=look", "a=read,"])
def test_what_is_no_role_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|permissions are"):
        parsed_roles(text)


def test_several_roles_permit_what_each_of_them_does() -> None:
    assert permitted(ROLES, ["uploader", "deleter"]) == {READ, WRITE, DELETE}


def test_a_name_that_is_no_role_permits_nothing() -> None:
    assert permitted(ROLES, ["root", ""]) == frozenset()


def test_an_admin_may_do_everything() -> None:
    assert permitted(ROLES, ["admin"]) == {READ, WRITE, DELETE, ADMIN}
