"""Groups in the admin: groups themselves, who is in them, and imports."""

from . import budgets, groups, imports, members  # each registers its models
