from typing import Any

import pytest

from service.access.caller import Means
from service.access.claims import Places
from service.access.keys import caller_of
from service.archive.index.owners.keys import Key
from service.permissions import ROLES
from service.scope import EVERYTHING, Scope

KEYCLOAK = {
    "preferred_username": "ada",
    "realm_access": {"roles": ["reader", "offline_access"]},
    "resource_access": {"pacs": {"roles": ["uploader"]}},
    "https://pacs.example/roles": ["deleter"],
    "scope": "openid writer",
    "email": "ada@hospital.example",
    "groups": ["north", "south"],
    "site": "north",
    "nothing": [],
}


@pytest.mark.parametrize(
    ("paths", "roles"),
    [
        (["realm_access.roles"], ("reader", "offline_access")),
        (["resource_access.pacs.roles", "realm_access.roles"], ("uploader", "reader", "offline_access")),
        (["https://pacs.example/roles"], ("deleter",)),
        (["scope"], ("openid", "writer")),
        (["email"], ("ada@hospital.example",)),
        (["realm_access.groups"], ()),
        (["realm_access"], ()),
    ],
)
def test_roles_stand_where_the_setting_says(paths: list[str], roles: tuple[str, ...]) -> None:
    assert Places(paths, None, "sub").identity(KEYCLOAK).roles == roles


@pytest.mark.parametrize("verified", [False, "false", "no", 0, None, [True]])
def test_an_address_that_the_provider_has_not_verified_is_no_role(verified: object) -> None:
    claims = KEYCLOAK | {"email_verified": verified}

    assert Places(["email"], None, "sub").identity(claims).roles == ()


@pytest.mark.parametrize("verified", [True, "true"])
def test_an_address_that_the_provider_has_verified_is_a_role(verified: object) -> None:
    claims = KEYCLOAK | {"email_verified": verified}

    assert Places(["email"], None, "sub").identity(claims).roles == ("ada@hospital.example",)


@pytest.mark.parametrize(
    ("path", "scope", "tenant"),
    [
        (None, EVERYTHING, None),
        ("groups", Scope(frozenset({"north", "south"})), None),
        ("site", Scope(frozenset({"north"})), "north"),
        ("nothing", Scope(frozenset()), None),
        ("missing", Scope(frozenset()), None),
        ("realm_access", Scope(frozenset()), None),
    ],
)
def test_tenants_stand_where_the_setting_says(path: str | None, scope: Scope, tenant: str | None) -> None:
    caller = Places(["roles"], path, "sub").identity(KEYCLOAK).caller(Means.TOKEN, ROLES, None)

    assert (caller.scope, caller.tenant) == (scope, tenant)


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        (KEYCLOAK, "ada"),
        ({"sub": "7", "client_id": "robot"}, "robot"),
        ({"preferred_username": "a\nb", "sub": "7"}, "7"),
        ({}, "somebody"),
    ],
)
def test_a_name_stands_where_the_setting_says_or_elsewhere(claims: dict[str, Any], name: str) -> None:
    assert Places(["roles"], None, "preferred_username").identity(claims).name == name


def test_people_of_the_same_name_are_not_the_same_nor_is_a_key_of_that_name() -> None:
    places = Places(["realm_access.roles"], None, "preferred_username")
    people = [
        places.identity(KEYCLOAK | {"sub": subject}).caller(Means.TOKEN, ROLES, None)
        for subject in ("17", "18")
    ]
    key = caller_of(Key("ada", b"", ("reader",), None, 0, None, None), ROLES)

    assert {caller.name for caller in (*people, key)} == {"ada"}
    assert len({caller.subject for caller in (*people, key)}) == 3
