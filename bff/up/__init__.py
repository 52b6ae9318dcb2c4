"""`bff up`: engines, emulator, web, feed and worker as child processes of one supervisor.

May import `bff.engines`, `bff.settings` and the names in `bff.demo.people`. Everything that needs a database library or
the web framework runs in a process of its own, so that the supervisor starts in a moment.
"""
