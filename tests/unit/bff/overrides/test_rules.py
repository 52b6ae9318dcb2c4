from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from bff.overrides.refusals import EndNotAllowed
from bff.overrides.rules import LONGEST, Override, Overrides, check_end
from sf_sync.objects.offer import ProductType

NOW = datetime(2025, 12, 19, 6, tzinfo=UTC)


class TestOverrides:
    def test_hold_until_their_end_and_not_at_it(self) -> None:
        over = Override(id=uuid4(), product_type=ProductType.SIM, ends_at=NOW)
        still = Override(id=uuid4(), product_type=ProductType.INTERNET, ends_at=NOW + timedelta(seconds=1))

        assert Overrides((over, still)).list_active(NOW) == (still,)

    @pytest.mark.parametrize("away", [timedelta(0), timedelta(seconds=-1), LONGEST + timedelta(seconds=1)])
    def test_end_in_the_near_future(self, away: timedelta) -> None:
        with pytest.raises(EndNotAllowed):
            check_end(NOW + away, NOW)

    def test_may_last_for_ninety_days(self) -> None:
        check_end(NOW + LONGEST, NOW)
