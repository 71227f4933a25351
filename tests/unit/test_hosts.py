import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hosts import HostRule, is_public

RULE = HostRule.parse("cdn.example.org, *.Pictures.example,127.0.0.1:8080,[::1]:9000")


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.example.org/a.png?ex=1&is=2",
        "https://CDN.example.org:443/a.png",
        "https://r2.pictures.example/a.png",
        "https://a.b.pictures.example",
        "HTTPS://back.pictures.example/Ask~(it)!$&'*+,;=:@%5B|",
        "http://127.0.0.1:8080/a.png",
        "https://127.0.0.1:8080/a.png",
        "http://[::1]:9000/a.png",
    ],
)
def test_listed_hosts_are_allowed(url: str) -> None:
    assert RULE.allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example.org/a.png",
        "https://cdn.example.org:8443/a.png",
        "https://pictures.example/a.png",
        "https://evilpictures.example/a.png",
        "https://cdn.example.org.evil.example/",
        "https://cdn.example.org./",
        "http://127.0.0.1:8081/",
        "https://127.0.0.1/",
        "http://[::1]/",
        "ftp://cdn.example.org/",
        "//cdn.example.org/",
        "file:///etc/passwd",
        "",
    ],
)
def test_every_other_host_scheme_and_port_is_refused(url: str) -> None:
    assert not RULE.allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example\\.pictures.example/",
        "https://evil.example\t.pictures.example/",
        "https://evil.example .pictures.example/",
        " https://cdn.example.org/",
        "https://cdn.example.org/\n",
        "https://cdn.example.org@evil.example/",
        "https://evil.example@cdn.example.org/",
        "https://:x@cdn.example.org/",
        "https://evil.example#.pictures.example/",
        "https://evil.example?.pictures.example/",
        "https://evil.example%2f.pictures.example/",
        "https://\uff522.pictures.example/",
        "https://.pictures.example/",
        "https://a..pictures.example/",
        "https://cdn.example.org/a\\b",
        "https://cdn.example.org:port/",
        "https://cdn.example.org:99999/",
        "https://[::1/",
        "https://[v1.x]:9000/",
        f"https://cdn.example.org/{'a' * 5000}",
    ],
)
def test_what_parsers_read_differently_is_refused(url: str) -> None:
    assert not RULE.allows(url)


@given(st.text(max_size=40))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    for url in (text, f"https://{text}", f"https://a.pictures.example:{text}"):
        RULE.allows(url)
        assert RULE.allows(url) or not RULE.names_port(url)


def test_only_a_host_that_is_named_with_its_port_may_be_private() -> None:
    assert RULE.names_port("http://127.0.0.1:8080/x")
    assert RULE.names_port("http://[::1]:9000/x")
    assert not RULE.names_port("https://cdn.example.org/x")
    assert not RULE.names_port("https://cdn.example.org:443/x")
    assert not RULE.names_port("http://127.0.0.1:port/x")


@pytest.mark.parametrize(
    "text",
    [
        *("", " , ", "*", "*.", "https://a.example", "a.example/b", "me@a.example", "a..example"),
        *("127.0.0.1", "10.1.2", "0x7f000001", "*.a.example:8080", "a.example:0", "a.example:"),
        *("a.example:99999", "[::1]", "::1", "a b", "-a.example", "*.*.example", "a.example?x:80"),
    ],
)
def test_an_entry_that_can_match_nothing_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"host|address"):
        HostRule.parse(text)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "104.16.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"],
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),  # noqa: S104 - refused
        *("100.64.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1"),
        *("2002:7f00:1::", "2002:808:808::", "2001:0:808:808::1", "64:ff9b:1::a00:1"),
        *("localhost", "", "0x7f000001", "127.1"),
    ],
)
def test_private_special_and_wrapped_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)
