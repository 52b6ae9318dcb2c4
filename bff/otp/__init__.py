"""One-time codes: a number proves that it is in somebody's hands, by a code sent to it by SMS.

`take_proof` is for those who need such a proof. Numbers are E.164 here. May import `bff.db`, `bff.identity`,
`bff.adapters`, `bff.jobs`, `bff.texts`, `bff.errors` and what lies below `bff`; no feature.
"""

from bff.otp.proofs import ProofRefused, take_proof
from bff.otp.rules import Purpose

__all__ = ["ProofRefused", "Purpose", "take_proof"]
