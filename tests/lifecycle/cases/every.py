"""All cases, section by section."""

from tests.lifecycle.cases import (
    hubspot,
    section_0_and_1,
    section_2,
    section_3,
    section_4,
    section_5,
    section_6,
    section_7,
    who_accepts,
)

CASES = [
    *section_0_and_1.CASES,
    *section_2.CASES,
    *section_3.CASES,
    *section_4.CASES,
    *section_5.CASES,
    *section_6.CASES,
    *section_7.CASES,
    *who_accepts.CASES,
    *hubspot.CASES,
]
