import asyncio
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from service.access.caller import Means
from service.access.tokens import Tokens
from service.errors import Unauthorized, Unavailable
from service.permissions import Permission
from service.scope import EVERYTHING
from tests.access.issuer import AUDIENCE, DISCOVERY, JWKS, Issuer, as_json, rsa_key, signed

HOUR = 3600


async def test_a_token_of_the_provider_says_who_asks(tokens: Tokens, issuer: Issuer) -> None:
    caller = await tokens.caller(issuer.token(preferred_username="ada"))

    assert (caller.name, caller.means) == ("ada", Means.TOKEN)
    assert (caller.permissions, caller.scope) == (frozenset({Permission.READ}), EVERYTHING)


@pytest.mark.parametrize("algorithm", ["PS256", "ES256"])
async def test_other_algorithms_of_the_setting_are_taken(
    tokens: Tokens, issuer: Issuer, algorithm: str
) -> None:
    if algorithm == "ES256":
        issuer.keys = [ECKey.generate_key("P-256", {"kid": "curve"})]

    caller = await tokens.caller(signed(issuer.keys[0], issuer.content(), algorithm))

    assert caller.name == "robot-7"


def with_header(token: str, header: bytes) -> str:
    return b".".join([urlsafe_b64encode(header).rstrip(b"="), *token.encode().split(b".")[1:]]).decode()


def unsigned(issuer: Issuer) -> str:
    return with_header(issuer.token(), b'{"alg":"none"}').rpartition(".")[0] + "."


def signed_with_the_public_key(issuer: Issuer) -> str:
    public = issuer.keys[0].as_pem(private=False)  # type: ignore[union-attr]
    lines = b"\n".join(line for line in public.split(b"\n") if not line.startswith(b"-"))
    return signed(OctKey.import_key(lines), issuer.content(), "HS256", kid="first")


def changed(issuer: Issuer) -> str:
    head, _, signature = issuer.token().split(".")
    _, other, _ = issuer.token(roles=["admin"]).split(".")
    return f"{head}.{other}.{signature}"


def with_a_key_of_its_own(issuer: Issuer) -> str:
    key = rsa_key("first")
    return signed(key, issuer.content(), jwk=key.as_dict(private=False))


def text(token: str) -> Callable[[Issuer], str]:
    return lambda _: token


def of(**claims: Any) -> Callable[[Issuer], str]:
    return lambda issuer: issuer.token(**claims)


NOT_TAKEN = [
    pytest.param(unsigned, id="alg none"),
    pytest.param(signed_with_the_public_key, id="HS256 with the public key"),
    pytest.param(changed, id="other claims under the same signature"),
    pytest.param(lambda issuer: signed(rsa_key("first"), issuer.content()), id="another key of the same kid"),
    pytest.param(with_a_key_of_its_own, id="a key in the header"),
    pytest.param(lambda issuer: signed(rsa_key("other"), issuer.content()), id="an unknown kid"),
    pytest.param(
        lambda issuer: signed(issuer.keys[0], issuer.content(), "RS512"), id="an algorithm not taken"
    ),
    pytest.param(
        lambda issuer: signed(issuer.keys[0], issuer.content(), typ="logout+jwt"), id="another type"
    ),
    pytest.param(lambda issuer: with_header(issuer.token(), b'{"alg":["RS256"]}'), id="alg is a list"),
    pytest.param(lambda issuer: with_header(issuer.token(), b"[]"), id="no header"),
    pytest.param(lambda issuer: with_header(issuer.token(), b"[" * 5000), id="a deep header"),
    pytest.param(lambda issuer: issuer.token() + "A", id="a longer signature"),
    pytest.param(lambda issuer: issuer.token(x="y" * 10**6), id="1 MB"),
    pytest.param(text("a.b.c"), id="no base64"),
    pytest.param(text("é.é.é"), id="no ASCII"),
    pytest.param(text("word"), id="no token"),
    pytest.param(of(aud="https://other.example"), id="another audience"),
    pytest.param(of(aud=None), id="no audience"),
    pytest.param(of(aud={"a": 1}), id="a strange audience"),
    pytest.param(of(iss="https://other.example"), id="another issuer"),
    pytest.param(of(iss=None), id="no issuer"),
    pytest.param(of(exp=1), id="expired"),
    pytest.param(of(exp=None), id="never expires"),
    pytest.param(of(exp="tomorrow"), id="expires at no time"),
    pytest.param(of(exp=True), id="expires at true"),
    pytest.param(of(nbf=time.time() + HOUR), id="not yet"),
    pytest.param(of(iat=time.time() + HOUR), id="a clock that is an hour ahead"),
    pytest.param(of(exp=time.time() - HOUR + 300), id="a clock that is an hour behind"),
]


@pytest.mark.parametrize("forge", NOT_TAKEN)
async def test_anything_else_is_not_taken(
    tokens: Tokens, issuer: Issuer, forge: Callable[[Issuer], str]
) -> None:
    with pytest.raises(Unauthorized):
        await tokens.caller(forge(issuer))


async def test_clocks_may_differ_by_half_a_minute(tokens: Tokens, issuer: Issuer) -> None:
    for claim, seconds in (("exp", -20), ("nbf", 20), ("iat", 20)):
        claims = {claim: time.time() + seconds}
        assert (await tokens.caller(issuer.token(**claims))).name == "robot-7"


async def test_one_of_several_audiences_will_do(tokens: Tokens, issuer: Issuer) -> None:
    assert (await tokens.caller(issuer.token(aud=["account", AUDIENCE]))).name == "robot-7"


async def test_the_provider_is_asked_once_for_many_tokens(tokens: Tokens, issuer: Issuer) -> None:
    await asyncio.gather(*(tokens.caller(issuer.token(sub=str(number))) for number in range(20)))

    assert issuer.asked == [DISCOVERY, JWKS]


async def test_a_flood_of_unknown_keys_asks_the_provider_nothing(tokens: Tokens, issuer: Issuer) -> None:
    await tokens.caller(issuer.token())
    stranger = rsa_key("stranger")

    for number in range(50):
        with pytest.raises(Unauthorized):
            await tokens.caller(signed(stranger, issuer.content(), kid=f"kid {number}"))

    assert issuer.asked == [DISCOVERY, JWKS]


async def test_tokens_of_others_ask_the_provider_nothing(tokens: Tokens, issuer: Issuer) -> None:
    for claims in ({"iss": "https://other.example"}, {"aud": "other"}, {"exp": 1}):
        with pytest.raises(Unauthorized):
            await tokens.caller(issuer.token(**claims))

    assert issuer.asked == []


@pytest.mark.usefixtures("_always_asked")
async def test_a_new_key_of_the_provider_is_learned_when_it_is_used(tokens: Tokens, issuer: Issuer) -> None:
    await tokens.caller(issuer.token())
    issuer.keys.insert(0, rsa_key("second"))

    assert (await tokens.caller(issuer.token(sub="new"))).name == "new"


@pytest.mark.usefixtures("_always_asked")
async def test_what_a_key_has_signed_that_is_taken_away_holds_no_longer(
    tokens: Tokens, issuer: Issuer
) -> None:
    old = issuer.token()
    await tokens.caller(old)
    issuer.keys = [rsa_key("second")]
    await tokens.caller(issuer.token())

    with pytest.raises(Unauthorized, match="does not have"):
        await tokens.caller(old)


@pytest.mark.usefixtures("_always_asked")
async def test_while_the_provider_is_away_its_keys_stay(tokens: Tokens, issuer: Issuer) -> None:
    await tokens.caller(issuer.token())
    issuer.answers[DISCOVERY] = lambda: as_json({}, 500)
    with pytest.raises(Unavailable, match="new key"):
        await tokens.caller(signed(rsa_key("second"), issuer.content()))

    assert (await tokens.caller(issuer.token(sub="still"))).name == "still"


BAD_ANSWERS = [
    pytest.param(lambda: (200, "text/html", b"<html>Sign in"), "no JSON|something else", id="HTML"),
    pytest.param(lambda: as_json([]), "something else", id="a list"),
    pytest.param(lambda: as_json({}, 404), "404", id="404"),
    pytest.param(lambda: (200, "application/json", b" " * 10**7), "bytes", id="10 MB"),
    pytest.param(lambda: None, "does not answer", id="nothing"),
]


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
@pytest.mark.parametrize(("answer", "reason"), BAD_ANSWERS)
async def test_without_a_sensible_answer_a_token_cannot_be_judged(
    tokens: Tokens, issuer: Issuer, path: str, answer: Callable[[], Any], reason: str
) -> None:
    issuer.answers[path] = answer

    with pytest.raises(Unavailable, match=reason):
        await tokens.caller(issuer.token())


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
async def test_a_provider_that_hangs_is_not_waited_for(tokens: Tokens, issuer: Issuer, path: str) -> None:
    issuer.answers[path] = issuer.hang

    with pytest.raises(Unavailable, match="within"):
        await tokens.caller(issuer.token())


@pytest.mark.usefixtures("_always_asked")
async def test_a_provider_that_hangs_holds_up_nobody_whose_key_is_known(
    tokens: Tokens, issuer: Issuer
) -> None:
    await tokens.caller(issuer.token())
    issuer.answers[DISCOVERY] = issuer.hang
    waiting = asyncio.create_task(tokens.caller(signed(rsa_key("new"), issuer.content())))
    await asyncio.sleep(0)

    assert (await tokens.caller(issuer.token(sub="other"))).name == "other"
    assert not waiting.done()
    waiting.cancel()


async def test_a_provider_that_calls_itself_otherwise_is_not_believed(tokens: Tokens, issuer: Issuer) -> None:
    other = issuer.metadata() | {"issuer": "https://other.example"}
    issuer.answers[DISCOVERY] = lambda: as_json(other)

    with pytest.raises(Unavailable, match="DICOMWEB_OIDC_ISSUER"):
        await tokens.caller(issuer.token())


BROKEN_KEYS: list[Any] = [
    None,
    "key",
    {"kty": "RSA"},
    {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "first"},
    {"kty": "RSA", "n": "*", "e": "?", "kid": "first"},
    {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "first"},
    {"kty": "oct", "k": "c2VjcmV0", "kid": "first"},
    {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
    {"kty": ["RSA"], "kid": {}},
]


async def test_broken_keys_beside_it_do_not_spoil_a_good_one(tokens: Tokens, issuer: Issuer) -> None:
    good = issuer.keys[0].as_dict(private=False)
    issuer.answers[JWKS] = lambda: as_json({"keys": [*BROKEN_KEYS, good]})

    assert (await tokens.caller(issuer.token())).name == "robot-7"


async def test_of_broken_keys_alone_nothing_can_be_judged(tokens: Tokens, issuer: Issuer) -> None:
    issuer.answers[JWKS] = lambda: as_json({"keys": BROKEN_KEYS})

    with pytest.raises(Unavailable, match="no key"):
        await tokens.caller(issuer.token())


async def test_a_token_without_kid_is_of_the_only_key(tokens: Tokens, issuer: Issuer) -> None:
    assert (await tokens.caller(signed(issuer.keys[0], issuer.content(), kid=None))).name == "robot-7"
