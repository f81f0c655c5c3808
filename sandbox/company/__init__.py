"""A made-up company, the same for the same seed: see `build_company`."""

from .columns import Events
from .company import Company, Label, build_company
from .cycle import Anniversary
from .members import Employee, MemberKind
