from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sf_sync.errors import AnswerMalformed
from sf_sync.objects.offer import (
    Offer,
    ProductType,
    format_changes_query,
    format_offers_query,
    parse_offers,
)
from sf_sync.settings import OfferSettings, SalesforceSettingError

DEFAULT = OfferSettings()


def make_row(number: int = 1, product: Any = None, **values: Any) -> dict[str, Any]:
    product = {
        "Name": "Home 1G",
        "Description": None,
        "ProductCode": f"NET-{number}",
        "Portal_Product_Type__c": "Internet",
        "Portal_Eligibility_Result__c": "Home",
    } | (product or {})
    entry_id = f"01u00000000000{number}AAA"
    return {"Id": entry_id, "UnitPrice": 5720.0, "CurrencyIsoCode": "JPY", "Product2": product} | values


class TestParse:
    def test_reads_an_offer(self) -> None:
        assert parse_offers([make_row()], DEFAULT) == (
            Offer(
                sku="NET-1",
                product_type=ProductType.INTERNET,
                name="Home 1G",
                description=None,
                price=Decimal(5720),
                currency="JPY",
                fits=("Home",),
                entry_id="01u000000000001AAA",
            ),
        )

    @pytest.mark.parametrize(
        ("value", "fits"),
        [
            (None, ()),
            ("", ()),
            ("Home", ("Home",)),
            ("Home;Apartment", ("Home", "Apartment")),
            (" ; Home;", ("Home",)),
        ],
    )
    def test_reads_one_or_several_results(self, value: str | None, fits: tuple[str, ...]) -> None:
        [offer] = parse_offers([make_row(product={"Portal_Eligibility_Result__c": value})], DEFAULT)

        assert offer.fits == fits

    @pytest.mark.parametrize(
        ("value", "price"), [(990, "990"), (0.1, "0.1"), (12.5, "12.5"), (1000.0, "1000"), (0, "0")]
    )
    def test_reads_the_price_as_it_was_meant(self, value: float, price: str) -> None:
        [offer] = parse_offers([make_row(UnitPrice=value)], DEFAULT)

        assert offer.price == Decimal(price)

    @pytest.mark.parametrize(
        "row",
        [
            make_row(product={"ProductCode": None}),
            make_row(product={"ProductCode": ""}),
            make_row(product={"Portal_Product_Type__c": "internet"}),
            make_row(product={"Portal_Product_Type__c": None}),
            make_row(product={"Name": None}),
            make_row(UnitPrice=None),
            make_row(UnitPrice=-1),
            make_row(UnitPrice="990"),
            make_row(UnitPrice=True),
            make_row(CurrencyIsoCode=None),
        ],
    )
    def test_leaves_out_what_cannot_be_sold(self, row: dict[str, Any]) -> None:
        good = make_row(2)

        assert [offer.sku for offer in parse_offers([row, good], DEFAULT)] == ["NET-2"]

    def test_keeps_the_first_of_two_products_with_one_sku(self) -> None:
        first, second = make_row(1), make_row(2, product={"ProductCode": "NET-1"}, UnitPrice=1)

        [offer] = parse_offers([first, second], DEFAULT)

        assert offer.price == 5720

    def test_keeps_one_sku_in_two_currencies(self) -> None:
        other = make_row(2, product={"ProductCode": "NET-1"}, CurrencyIsoCode="OMR")

        assert [offer.currency for offer in parse_offers([make_row(1), other], DEFAULT)] == ["JPY", "OMR"]

    @pytest.mark.parametrize("row", [{}, {"Id": "500000000000001AAA"}, make_row(Product2=None)])
    def test_refuses_rows_of_another_shape(self, row: dict[str, Any]) -> None:
        with pytest.raises(AnswerMalformed):
            parse_offers([row], DEFAULT)

    def test_survives_being_cached(self) -> None:
        offers = parse_offers([make_row(UnitPrice=12.5)], DEFAULT)

        assert msgspec.json.decode(msgspec.json.encode(offers), type=tuple[Offer, ...]) == offers


class TestQuery:
    def test_asks_for_the_fields_that_the_settings_name(self) -> None:
        settings = OfferSettings(
            sku_field="StockKeepingUnit",
            type_field="Family",
            result_field="Fits__c",
            currency_field="none",
            internet_value="Net",
            sim_value="O'Sim",
        )

        soql = format_offers_query(settings)

        assert soql == (
            "SELECT Id, UnitPrice, Product2.Name, Product2.Description, Product2.StockKeepingUnit, Product2.Family,"
            " Product2.Fits__c FROM PricebookEntry WHERE IsActive = true AND Pricebook2.IsStandard = true"
            " AND Product2.IsActive = true AND Product2.Family IN ('Net','O\\'Sim') ORDER BY Id"
        )

    def test_pages_through_changes(self) -> None:
        since = datetime(2025, 12, 19, 6, 15, 36, tzinfo=UTC)

        assert format_changes_query("Product2", since, None, 10).endswith(
            "FROM Product2 WHERE SystemModstamp > 2025-12-19T06:15:36.000Z ORDER BY SystemModstamp, Id LIMIT 10"
        )
        assert "AND Id > '01t000000000001AAA'" in format_changes_query(
            "Product2", since, "01t000000000001AAA", 10
        )


class TestSettings:
    def test_come_from_the_environment(self) -> None:
        env = {"SALESFORCE_OFFER_SKU_FIELD": "Sku__c", "SALESFORCE_OFFER_CURRENCY_FIELD": "none"}

        settings = OfferSettings.from_env(env)

        assert (settings.sku_field, settings.has_currencies) == ("Sku__c", False)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("SALESFORCE_OFFER_TYPE_FIELD", "Type__c FROM User"),
            ("SALESFORCE_OFFER_CURRENCY", "Yen"),
            ("SALESFORCE_OFFER_SIM_VALUE", "Internet"),
        ],
    )
    def test_that_make_no_sense_are_refused(self, name: str, value: str) -> None:
        with pytest.raises(SalesforceSettingError):
            OfferSettings.from_env({name: value})
