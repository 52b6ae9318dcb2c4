"""Which engines are embedded, and which ports that takes."""

import pytest

from bff.up.plan import NotConfigured, Plan, Ports, list_ports, make_salesforce_environment, plan

ALL = {"DATABASE_URL": "postgresql://…", "REDIS_URL": "redis://…", "SALESFORCE_URL": "https://…"}
DEVELOPMENT = {"BFF_ENV": "development"}


class TestPlan:
    def test_embeds_everything_in_development_when_nothing_is_configured(self) -> None:
        assert plan(DEVELOPMENT) == Plan(postgres=True, valkey=True, emulator=True, demo=True)

    @pytest.mark.parametrize(
        ("name", "engine"),
        [("DATABASE_URL", "postgres"), ("REDIS_URL", "valkey"), ("SALESFORCE_URL", "emulator")],
    )
    def test_uses_what_is_configured_instead(self, name: str, engine: str) -> None:
        chosen = plan({**DEVELOPMENT, name: ALL[name]})

        embedded = {"postgres": chosen.postgres, "valkey": chosen.valkey, "emulator": chosen.emulator}
        assert [word for word, is_embedded in embedded.items() if not is_embedded] == [engine]

    def test_takes_an_empty_variable_for_an_absent_one(self) -> None:
        assert plan({**DEVELOPMENT, "REDIS_URL": ""}).valkey

    def test_embeds_nothing_outside_development(self) -> None:
        assert plan({**ALL, "BFF_ENV": "production"}) == Plan(
            postgres=False, valkey=False, emulator=False, demo=False
        )

    @pytest.mark.parametrize("environ", [{}, {"BFF_ENV": "production"}, {**ALL, "REDIS_URL": ""}])
    def test_refuses_to_embed_outside_development(self, environ: dict[str, str]) -> None:
        with pytest.raises(NotConfigured, match="REDIS_URL"):
            plan(environ)


class TestPorts:
    def test_are_the_emulators_too_when_it_is_embedded(self) -> None:
        ports = Ports(web=1, emulator=2, pubsub=3, pubsub_tls=4)

        assert [port for _, port in list_ports(plan(DEVELOPMENT), ports)] == [1, 2, 3, 4]
        assert [port for _, port in list_ports(plan({**ALL, **DEVELOPMENT}), ports)] == [1]

    def test_lead_the_product_to_the_embedded_emulator(self) -> None:
        environment = make_salesforce_environment(Ports(emulator=2, pubsub=3))

        assert environment["SALESFORCE_URL"] == "http://127.0.0.1:2"
        assert environment["SALESFORCE_PUBSUB_TARGET"] == "127.0.0.1:3"
