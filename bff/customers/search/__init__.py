"""Finding customers at the desk and the till: by phone, name, e-mail address or customer number.

May import `bff.phones` and what its parent may; of its parent the rules alone. Every search is written down with its
purpose, counted per person, and answered with masked numbers and addresses until somebody who may asks to reveal them.
"""
