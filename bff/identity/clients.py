"""The network address that a request came from, as far as our own proxies vouch for it."""

from ipaddress import ip_address

from litestar.types import Scope


def get_client_address(scope: Scope, trusted_hops: int) -> str:
    """With n proxies of ours the n-th entry of X-Forwarded-For from the right; what stands further left is claimed."""
    client = scope.get("client")
    address = client[0] if client else ""
    if trusted_hops:
        forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        hops = [hop.strip().decode("latin-1") for hop in forwarded.split(b",") if hop.strip()]
        if len(hops) >= trusted_hops:
            address = hops[-trusted_hops]
    try:
        return str(ip_address(address))
    except ValueError:
        return ""
