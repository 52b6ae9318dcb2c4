import pytest

from cache.address import parse_address


class TestParseAddress:
    def test_reads_user_password_host_port_and_database(self) -> None:
        address = parse_address("redis://web:p%40ss@cache.example:6380/4")

        assert (address.kind, address.host, address.port, address.database) == (
            "tcp",
            "cache.example",
            6380,
            4,
        )
        assert (address.username, address.password) == ("web", "p@ss")

    def test_has_the_usual_port_and_first_database_by_default(self) -> None:
        address = parse_address("redis://cache.example")

        assert (address.port, address.database, address.password) == (6379, 0, "")

    def test_reads_a_socket_path_and_its_database(self) -> None:
        address = parse_address("unix://:secret@/run/valkey.sock?db=2")

        assert (address.kind, address.path, address.database) == ("unix", "/run/valkey.sock", 2)
        assert address.password == "secret"

    def test_reads_the_authorities_of_an_encrypted_server(self) -> None:
        address = parse_address("rediss://cache.example?ssl_ca_certs=/etc/ca.pem")

        assert (address.kind, address.ca_file) == ("tls", "/etc/ca.pem")

    @pytest.mark.parametrize(
        "url", ["", "cache.example:6379", "http://cache.example", "unix://", "redis://h/x", "redis://h:70000"]
    )
    def test_refuses_what_it_cannot_read(self, url: str) -> None:
        with pytest.raises(ValueError, match="Redis URL"):
            parse_address(url)

    def test_shows_no_secret(self) -> None:
        address = parse_address("redis://web:opensesame@cache.example")

        assert "opensesame" not in repr(address)
        with pytest.raises(ValueError) as refusal:
            parse_address("redis://web:opensesame@cache.example:none")
        assert "opensesame" not in str(refusal.value)
