"""Who is in the demo. Ids are derived from the e-mail address, so that both sides and every start agree on them."""

from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec


class DemoOrg(msgspec.Struct, frozen=True, kw_only=True):
    slug: str
    name: str
    region: str
    locale: str

    @property
    def id(self) -> UUID:
        return uuid5(NAMESPACE_URL, f"portal-bff:org:{self.slug}")


class DemoPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in of the org `demo`. Staff have a `role`; `story` says what a person finds after signing in.

    `address` has the fields of `bff.addresses.Address` as plain values, because the terminal's list of people should
    not wait for a database library.
    """

    email: str
    name: str
    story: str
    role: str | None = None
    address: dict[str, str] | None = None

    @property
    def user_id(self) -> UUID:
        return uuid5(NAMESPACE_URL, f"portal-bff:user:{self.email}")

    @property
    def customer_id(self) -> UUID:
        """Also what the Account's external id says, which is how the two are linked."""
        return uuid5(NAMESPACE_URL, f"portal-bff:customer:{self.email}")

    @property
    def staff_id(self) -> UUID:
        return uuid5(NAMESPACE_URL, f"portal-bff:staff:{self.email}")


DEMO_ORGS = (
    DemoOrg(slug="demo", name="Demo Telecom", region="JP", locale="en"),
    DemoOrg(slug="oman", name="Oman Telecom", region="OM", locale="ar"),
)

DEMO_PEOPLE = (
    DemoPerson(
        email="hana@customer.example",
        name="Hana Sato",
        story="address on file, nothing requested",
        address={
            "building": "Sakura Heights",
            "apartment": "302",
            "street": "1-2-3 Jingumae",
            "area": "Shibuya",
            "city": "Tokyo",
            "postal_code": "150-0001",
            "country": "JP",
        },
    ),
    DemoPerson(
        email="kenji@customer.example",
        name="Kenji Mori",
        story="internet review pending, ID submitted",
        address={
            "building": "Umeda Court",
            "apartment": "1105",
            "street": "3-1-1 Umeda",
            "area": "Kita",
            "city": "Osaka",
            "postal_code": "530-0001",
            "country": "JP",
        },
    ),
    DemoPerson(
        email="sara@customer.example",
        name="Sara Ito",
        story="eligible (Home), ID verified",
        address={
            "street": "4-5-6 Sakae",
            "area": "Naka",
            "city": "Nagoya",
            "postal_code": "460-0008",
            "country": "JP",
        },
    ),
    DemoPerson(
        email="omar@customer.example",
        name="Omar Hashimi",
        story="not eligible, ID rejected",
        address={
            "building": "Harbour View",
            "apartment": "7B",
            "street": "2-8-1 Minatomirai",
            "area": "Nishi",
            "city": "Yokohama",
            "postal_code": "220-0012",
            "country": "JP",
        },
    ),
    DemoPerson(email="noor@customer.example", name="Noor Saleh", story="no address yet"),
    DemoPerson(
        email="support@staff.example", name="Support desk", story="staff: support desk", role="support"
    ),
    DemoPerson(email="pos@staff.example", name="Point of sale", story="staff: till", role="pos"),
    DemoPerson(
        email="admin@staff.example",
        name="Tenant admin",
        story="staff: admin of the organisation",
        role="admin",
    ),
)
