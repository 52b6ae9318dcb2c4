"""How much one message holds (3GPP TS 23.038; a longer one is billed and delivered as several)."""

# The default alphabet and the signs of its extension table, which cost two places each.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("\f^{}\\[~]|€")
GSM_PLACES, UCS2_PLACES = 160, 70
"""Places of one message; one sign outside both tables makes all of it UCS-2, of 16 bits a place."""


def is_one_message(text: str) -> bool:
    signs = set(text)
    if signs <= _GSM | _GSM_EXTENDED:
        return len(text) + sum(sign in _GSM_EXTENDED for sign in text) <= GSM_PLACES
    return len(text.encode("utf-16-le")) // 2 <= UCS2_PLACES
