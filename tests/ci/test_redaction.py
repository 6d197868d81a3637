"""No known secret survives in any spelling, and what is no secret stays readable."""

import base64
import html
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from cloud.witness import forms
from hypothesis import given, settings
from hypothesis import strategies as st
from secure_redis.ci import redaction
from secure_redis.ci.redaction import MASK, SIGNATURE, Redaction
from secure_redis.posture import COMPANIONS, RULES

PASSWORD = "Zr7Kq2mW9xTb4LcV8nHy3PdGs6FjUaE5RkQoXiBwCvMz1YtN"
AWKWARD = 'p/a+s"s w=o<r>&d%\\'


def spellings(secret: str) -> list[str]:
    """Every way in which a text could quote it."""
    around = [f"user:{secret}", f"x{secret}y", f"{secret}\n", f'{{"a": "{secret}"}}']
    coded = [one.encode() for one in (secret, *around)]
    return [
        *(form.decode() for form in forms(secret)),
        *around,
        *(base64.b64encode(one).decode() for one in coded),
        *(base64.urlsafe_b64encode(one).decode() for one in coded),
        *(one.hex() for one in coded),
        *(one.hex().upper() for one in coded),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        html.escape(secret),
        f"rediss://app:{quote(secret, safe='')}@host:6379/0",
        f"REDISCLI_AUTH={secret}",
        f"['{secret}', '{secret}']",
    ]


def found(secret: str, text: str) -> list[str]:
    """Forms of the secret that stand in a text."""
    return [form.decode() for form in forms(secret) if form in text.encode()]


@pytest.mark.parametrize("secret", [PASSWORD, AWKWARD, "hunter22"])
def test_every_spelling_is_masked(secret: str) -> None:
    net = Redaction({secret})
    for number, spelling in enumerate(spellings(secret)):
        masked = net.known(f"before {spelling} after")
        assert found(secret, masked) == [], number
        assert MASK in masked, number
        assert masked.startswith("before "), number


def test_a_secret_beyond_ascii_is_masked_too() -> None:
    secret = "Ünïcödé-pässwörd"
    net = Redaction({secret})
    coded = base64.b64encode(f"app:{secret}".encode()).decode()
    for text in (secret, quote(secret), json.dumps(secret), coded, secret.encode().hex()):
        assert MASK in net.known(f"a {text} b"), text


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=64))
def test_any_password_is_masked(secret: str) -> None:
    if secret.strip("-") == "" or secret.startswith("-----"):
        return
    net = Redaction({secret})
    for spelling in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1]):
        assert secret not in net.known(f"a {spelling} b").replace(MASK, "")


def test_the_whole_word_around_an_encoded_secret_goes() -> None:
    header = base64.b64encode(f"default:{PASSWORD}".encode()).decode()
    assert Redaction({PASSWORD}).known(f"Authorization: Basic {header}") == (
        f"Authorization: Basic {MASK}"
    )


def test_a_secret_of_several_lines_goes_line_by_line() -> None:
    pem = (
        "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqG\nSM49AwEHBG0wawIBAQQg\n-----END"
    )
    masked = Redaction({pem}).known(f"it said:\n  SM49AwEHBG0wawIBAQQg\n{pem}")
    assert "SM49AwEH" not in masked
    assert "MIGHAgEA" not in masked


def test_short_secrets_are_words_and_not_parts_of_words() -> None:
    net = Redaction({"redis", "abc"}, plain={"x"})
    assert net.known("redis: redisson abc") == f"{MASK}: redisson abc"
    assert Redaction({"redis"}, plain={"redis"}).known("redis") == "redis"


@pytest.mark.parametrize(
    "text",
    [
        "rediss://app:whatever@host:6379/0",
        "postgres://u:p4ss@h",
        "password=abcdefgh1",
        '"password": "abcdefgh1"',
        '"password": "onlyletters"',
        "password=onlyletters",
        "AUTH_TOKEN: s3cr3tvalue",
        "ghp_abcdefghijklmnopqrst0123456789",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        f"the value is {PASSWORD[::-1]}",
        "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEI\n-----END EC PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_credential_goes_although_nobody_knows_it(text: str) -> None:
    masked = Redaction(()).text(text)
    assert MASK in masked
    for part in (
        "whatever",
        "p4ss",
        "onlyletters",
        "abcdefgh1",
        "s3cr3t",
        "ghp_a",
        "AKIAI",
        "eyJh",
        "MHcC",
    ):
        assert part not in masked


@pytest.mark.parametrize(
    "text",
    [
        "prod::shop::random:index/randomPassword:RandomPassword::cache-app-password-1",
        "aws:secretsmanager/secret:Secret cache-connection",
        "arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:cache-0a81553",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "caches.cache.aws.prt: unknown key. Did you mean port?",
        "rediss://app@host:6379/0",
        "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/shop",
        "the passphrase: see the documentation",
        "tokens end after an hour",
        "ReplicationGroup cache: authToken: everybody can read without one. Set userGroupIds.",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    assert Redaction(()).text(text) == text


def test_what_our_policies_say_stays_as_it_is() -> None:
    rules = (*RULES.values(), *COMPANIONS.values())
    texts = {text for rule in rules for text in (rule.id, rule.reason, rule.fix)}
    assert len(texts) > 100
    assert [text for text in texts if Redaction(()).text(text) != text] == []


def test_values_are_cleaned_all_the_way_down() -> None:
    net = Redaction({PASSWORD})
    value = {"a": [{"b": f"x{PASSWORD}"}, 1, None, True], PASSWORD: "c"}
    assert net.value(value) == {"a": [{"b": f"x{MASK}"}, 1, None, True], MASK: "c"}


def secret(value: Any) -> dict[str, str]:
    return {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "plaintext": json.dumps(value)}


def test_the_secrets_of_a_state() -> None:
    state = {
        "deployment": {
            "resources": [
                {
                    "urn": "urn:a",
                    "type": "t",
                    "id": "cache-1",
                    "inputs": {
                        "passwords": secret([PASSWORD]),
                        "name": "cache.example.com.internal",
                    },
                    "outputs": {
                        "pin": secret("4711"),
                        "number": secret(86420),
                        "on": secret(value=True),
                        "document": secret(json.dumps({"password": "short", "port": 6379})),
                        "url": secret("rediss://app:per%2Fcent@h:1/0"),
                        "connection": secret(
                            {
                                "host": "cache.example.com.internal",
                                "user": "app",
                                "tls_verify": "full",
                                "ca": "a-part-that-is-long-enough",
                                "nested": {"auth_token": "tiny1"},
                            }
                        ),
                    },
                },
                {"urn": "urn:b", "inputs": {"list": [{"x": secret({"y": [PASSWORD[::-1]]})}]}},
            ]
        }
    }
    found_secrets, plain = redaction.of_state(state)
    assert {
        PASSWORD,
        PASSWORD[::-1],
        "4711",
        "86420",
        "short",
        "per%2Fcent",
        "tiny1",
    } <= found_secrets
    assert {"per/cent", "a-part-that-is-long-enough"} <= found_secrets
    assert not found_secrets & {"app", "full", "True", "true", "cache.example.com.internal"}
    assert {"cache.example.com.internal", "cache-1"} <= plain
    assert redaction.of_state({}) == (set(), set())


def test_the_secrets_of_a_stack_file() -> None:
    declared = {
        "secure-redis:caches": {"cache": {"purpose": "sessions", "password": {"secure": "v1:x"}}},
        "aws:secretKey": {"secure": "v1:y"},
        "list": [{"secure": "z"}, "plain-and-long"],
        "gone": {"secure": "w"},
    }
    shown = {
        "secure-redis:caches": {
            "objectValue": {"cache": {"purpose": "sessions", "password": PASSWORD}},
            "secret": True,
        },
        "aws:secretKey": {"value": "a-secret-key", "secret": True},
        "list": {"objectValue": ["opened-one", "plain-and-long"], "secret": True},
    }
    assert redaction.of_config(shown, declared) == {PASSWORD, "a-secret-key", "opened-one"}


def test_the_secrets_of_the_environment() -> None:
    environ = {
        "PULUMI_ACCESS_TOKEN": "pul-0123456789",
        "PULUMI_CONFIG_PASSPHRASE_FILE": "/a/file",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/another/file",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://example.com/token",
        "GITHUB_TOKEN": "short",
        "HOME": "/home/somebody",
    }
    opened = {"/a/file": "the passphrase\n"}
    assert redaction.of_environment(environ, opened.__getitem__) == {
        "pul-0123456789",
        "wJalrXUtnFEMI",
        "the passphrase",
    }
