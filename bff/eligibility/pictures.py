"""The portal's own part of an eligibility status: is there an address, and the latest request."""

from bff.adapters import Adapters
from bff.eligibility.repository import get_picture
from bff.eligibility.rules import LocalPicture
from bff.pictures import Pictures


def make_pictures(adapters: Adapters) -> Pictures[LocalPicture]:
    return Pictures(adapters, LocalPicture, get_picture, namespace="eligibility-local")
