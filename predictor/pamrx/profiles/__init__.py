"""The data model: the molecular data of tumours and cell lines, normalised and assembled as one `Profiles` object."""

from __future__ import annotations

from pamrx.profiles.profiles import Profiles
from pamrx.profiles.reading import profiles_by_hand, read_profiles, read_records
from pamrx.profiles.study import read_study

__all__ = ["Profiles", "profiles_by_hand", "read_profiles", "read_records", "read_study"]
