"""Both ways of signing in, at the emulator's token endpoint."""

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sf_sync.client import SalesforceClient
from sf_sync.emulator.app import Emulator, create_emulator
from sf_sync.emulator.settings import EmulatorSettings, OAuthClient
from sf_sync.errors import LoginRefused
from sf_sync.settings import SalesforceSettings, Secret

pytestmark = pytest.mark.asyncio

USERNAME = "integration@portal.example"


class KeyPair:
    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        self.public = (
            key.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )


@pytest.fixture(scope="module")
def keys() -> KeyPair:
    return KeyPair()


@pytest.fixture
def jwt_emulator(keys: KeyPair) -> Emulator:
    client = OAuthClient(client_id="jwt-app", username=USERNAME, certificate=keys.public)
    return create_emulator(EmulatorSettings(clients=(client,)))


def make_settings(settings: SalesforceSettings, keys: KeyPair, **changes: object) -> SalesforceSettings:
    login = {
        "client_id": "jwt-app",
        "client_secret": None,
        "username": USERNAME,
        "private_key": Secret(keys.private),
    }
    return msgspec.structs.replace(settings, **(login | changes))


async def sign_in(emulator: Emulator, settings: SalesforceSettings) -> str:
    """The org id that the sign-in and a first call yield."""
    client = SalesforceClient(settings, transport=httpx.ASGITransport(app=emulator.asgi))
    await client.open()
    try:
        await client.request("GET", "limits", idempotent=True)
        return (await client.access_token())[2]
    finally:
        await client.close()


class TestJwtBearer:
    async def test_signs_in(
        self, jwt_emulator: Emulator, salesforce_settings: SalesforceSettings, keys: KeyPair
    ) -> None:
        settings = make_settings(salesforce_settings, keys)

        assert await sign_in(jwt_emulator, settings) == jwt_emulator.org.org_id

    @pytest.mark.parametrize(
        "changes",
        [
            {"username": "stranger@portal.example"},
            {"client_id": "another-app"},
            {"jwt_audience": "https://evil.example"},
        ],
        ids=["username", "client", "audience"],
    )
    async def test_is_refused(
        self,
        jwt_emulator: Emulator,
        salesforce_settings: SalesforceSettings,
        keys: KeyPair,
        changes: dict[str, object],
    ) -> None:
        with pytest.raises(LoginRefused):
            await sign_in(jwt_emulator, make_settings(salesforce_settings, keys, **changes))

    async def test_is_refused_with_another_key(
        self, jwt_emulator: Emulator, salesforce_settings: SalesforceSettings
    ) -> None:
        with pytest.raises(LoginRefused):
            await sign_in(jwt_emulator, make_settings(salesforce_settings, KeyPair()))


class TestClientCredentials:
    async def test_sign_in(self, emulator: Emulator, salesforce_settings: SalesforceSettings) -> None:
        assert await sign_in(emulator, salesforce_settings) == emulator.org.org_id

    @pytest.mark.parametrize(
        "changes",
        [{"client_secret": Secret("wrong")}, {"client_id": "another-app"}],
        ids=["secret", "client"],
    )
    async def test_are_refused(
        self, emulator: Emulator, salesforce_settings: SalesforceSettings, changes: dict[str, object]
    ) -> None:
        with pytest.raises(LoginRefused):
            await sign_in(emulator, msgspec.structs.replace(salesforce_settings, **changes))
