"""The portal's own part of a verification status: the latest attempt."""

from bff.adapters import Adapters
from bff.pictures import Pictures
from bff.verification.repository import get_picture
from bff.verification.rules import LocalPicture


def make_pictures(adapters: Adapters) -> Pictures[LocalPicture]:
    return Pictures(adapters, LocalPicture, get_picture, namespace="verification-local")
