"""Every sentence that a customer reads, in the customer's language: gettext catalogues, dates, countries.

May import nothing of the product. English is the source language, so a sentence is its own key; the other
languages are the `.po` files in `locales/`, compiled in memory when the process starts.
"""

from bff.texts.languages import DEFAULT_LANGUAGE, Texts, find_texts, get_texts, has_language, language_codes
from bff.texts.marks import N_

__all__ = ["DEFAULT_LANGUAGE", "N_", "Texts", "find_texts", "get_texts", "has_language", "language_codes"]
