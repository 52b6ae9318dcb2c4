"""The pages of the portal: server-rendered, usable without JavaScript, in the design system of `static/css`.

May import every feature; holds no decision of its own.
"""
