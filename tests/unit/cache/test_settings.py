import pytest

from cache.settings import CacheSettings, parse_cache_settings


class TestParseCacheSettings:
    def test_needs_the_url_alone(self) -> None:
        settings = parse_cache_settings({"REDIS_URL": "redis://cache.example"})

        assert settings == CacheSettings(url="redis://cache.example", timeout_s=0.5)

    def test_reads_the_timeout(self) -> None:
        settings = parse_cache_settings({"REDIS_URL": "redis://cache.example", "REDIS_TIMEOUT_S": "1.5"})

        assert settings.timeout_s == 1.5

    @pytest.mark.parametrize(
        "environ",
        [
            {},
            {"REDIS_URL": ""},
            {"REDIS_URL": "http://cache.example"},
            {"REDIS_URL": "redis://cache.example", "REDIS_TIMEOUT_S": "soon"},
            {"REDIS_URL": "redis://cache.example", "REDIS_TIMEOUT_S": "0"},
            {"REDIS_URL": "redis://cache.example", "REDIS_TIMEOUT_S": "nan"},
        ],
    )
    def test_says_what_is_wrong(self, environ: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="R"):
            parse_cache_settings(environ)
