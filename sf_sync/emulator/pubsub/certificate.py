"""The self-signed certificate of the TLS port, kept with the emulator's data so that it can be trusted for long."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CERTIFICATE_FILE = "pubsub-tls.crt"
PRIVATE_KEY_FILE = "pubsub-tls.key"
LIFETIME = timedelta(days=825)


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    certificate_pem: bytes
    private_key_pem: bytes


def load_certificate(data_dir: Path | None, host: str) -> Certificate:
    """The certificate kept in this folder, made at the first call; without a folder a new one every time."""
    if data_dir is None:
        return make_certificate(host)
    certificate_file, key_file = data_dir / CERTIFICATE_FILE, data_dir / PRIVATE_KEY_FILE
    if not (certificate_file.exists() and key_file.exists()):
        made = make_certificate(host)
        key_file.touch(mode=0o600)
        key_file.write_bytes(made.private_key_pem)
        certificate_file.write_bytes(made.certificate_pem)
    return Certificate(certificate_pem=certificate_file.read_bytes(), private_key_pem=key_file.read_bytes())


def make_certificate(host: str) -> Certificate:
    """Valid for `localhost`, the loopback addresses and this host."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Local Salesforce Pub/Sub API")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(_list_names(host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Certificate(
        certificate_pem=certificate.public_bytes(serialization.Encoding.PEM),
        private_key_pem=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def _list_names(host: str) -> list[x509.GeneralName]:
    names: dict[str, x509.GeneralName] = {}
    for name in ("localhost", "127.0.0.1", "::1", host):
        try:
            names[name] = x509.IPAddress(ip_address(name))
        except ValueError:
            names[name] = x509.DNSName(name)
    return list(names.values())
