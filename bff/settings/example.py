"""`.env.example`, made from the table of variables."""

import textwrap

from bff.settings.variables import SECTIONS, Variable

HEADER = """\
# Every setting of the portal, with its default. `bff up` in development needs none of them.
# A line without "#" must be given in production; secrets have no default.
"""


def format_env_example() -> str:
    sections = [HEADER]
    for title, variables in SECTIONS:
        sections.append(
            f"# --- {title}\n\n" + "\n".join(_format_variable(variable) for variable in variables)
        )
    return "\n".join(sections)


def _format_variable(variable: Variable) -> str:
    doc = "\n".join(f"# {line}" for line in textwrap.wrap(variable.doc, 100))
    mark = "" if variable.required else "#"
    return f"{doc}\n{mark}{variable.name}={variable.default or ''}\n"
