import pytest

from portal.accounts.rules import asks_second_factor, device_class, network_of
from portal.security.viewer import Role

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1"
EDGE = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
)


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [(FIREFOX, "Firefox on Windows"), (SAFARI, "Safari on iPhone"), (EDGE, "Edge on Mac"), ("", "A browser"),
     ("curl/8 <script>", "A browser")],
)  # fmt: skip
def test_a_device_is_named_by_its_class(user_agent: str, device: str) -> None:
    assert device_class(user_agent) == device


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("::ffff:192.0.2.7", "192.0.2.7"),
     (None, "unknown"), ("nonsense", "unknown")],
)  # fmt: skip
def test_one_household_is_one_network(address: str | None, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.FRONT_DESK, Role.OWNER])
def test_people_of_the_practice_always_need_a_second_factor(role: Role) -> None:
    assert asks_second_factor(frozenset({role}), is_totp_on=False)
    assert not asks_second_factor(frozenset({Role.PARTNER}), is_totp_on=False)
