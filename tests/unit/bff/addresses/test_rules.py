import pytest

from bff.addresses import Address, AddressType, digest_address, format_address

HOME = Address(street="1-2-3 Jingumae", area="Shibuya-ku", city="Tokyo", country="JP", postal_code="150-0001")


def at(street: str, **parts: str) -> Address:
    return Address(street=street, city="Tokyo", country="JP", **parts)


class TestDigestAddress:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (at("1-2-3 Jingumae"), at("1 - 2 - 3,  jingumae.")),
            (at("1-2-3 Jingumae"), at("１－２－３ ＪＩＮＧＵＭＡＥ")),
            (at("شارع السلطان ١٢"), at("شارع السُّلطان 12")),
            (at("1-2-3", building=""), at("1-2-3")),
            (at("ガ"), at("ｶﾞ")),
            (at("1-2-3", postal_code="150-0001"), at("1-2-3", postal_code="1500001")),
        ],
    )
    def test_is_the_same_for_two_spellings_of_one_place(self, one: Address, other: Address) -> None:
        assert digest_address(one) == digest_address(other)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (at("1-23 Jingumae"), at("12-3 Jingumae")),
            (at("1-2-3", apartment="101"), at("1-2-3", apartment="102")),
            (at("1-2-3", floor="1"), at("1-2-3", apartment="1")),
            (at("1-2-3"), Address(street="1-2-3", city="Osaka", country="JP")),
            (at("ハ"), at("バ")),
        ],
    )
    def test_differs_for_two_places(self, one: Address, other: Address) -> None:
        assert digest_address(one) != digest_address(other)

    def test_leaves_out_what_does_not_name_the_place(self) -> None:
        noted = Address(
            type=AddressType.WORK,
            street=HOME.street,
            area=HOME.area,
            city=HOME.city,
            country=HOME.country,
            postal_code=HOME.postal_code,
            latitude=35.6,
            longitude=139.7,
            delivery_notes="ring twice",
        )

        assert digest_address(noted) == digest_address(HOME)


class TestFormatAddress:
    def test_writes_the_particular_before_the_general(self) -> None:
        flat = at(
            "1-2-3 Jingumae", building="Green Heights", floor="3F", apartment="301", postal_code="150-0001"
        )

        assert format_address(flat) == "301, 3F, Green Heights\n1-2-3 Jingumae\nTokyo 150-0001\nJP"
