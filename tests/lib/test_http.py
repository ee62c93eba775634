import pytest

from bkmonitor.lib.http import AddressRefused, check_address


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fe80::1",
        "::ffff:169.254.169.254",
        "100.100.100.200",
        "fd00:ec2::254",
    ],
)
def test_metadata_and_link_local_addresses_are_always_refused(address):
    with pytest.raises(AddressRefused):
        check_address(address, allow_private=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1"])
def test_private_addresses_depend_on_the_setting(address):
    check_address(address, allow_private=True)

    with pytest.raises(AddressRefused):
        check_address(address, allow_private=False)
