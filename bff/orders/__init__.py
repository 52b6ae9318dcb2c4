"""Orders: submitted through the live gate, shown with what they wait for, held and released as reviewers decide.

May import `bff.checkout` and what that may import.
"""
