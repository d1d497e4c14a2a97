"""Which characters draw nothing."""

from __future__ import annotations

# Listed, for Python's own tables are of another Unicode with every version, and none says what is
# blank.
UNSEEN = (
    # Default_Ignorable_Code_Point (Unicode 16, DerivedCoreProperties.txt).
    "\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    # Letters and symbols that are blank: in Braille, Khitan, hieroglyphs and music; and what
    # stands for an object that is not there.
    "\u2800\U00016fe4\U00013441-\U00013442\U0001d159\ufffc"
    # What shows only in the letters around it: annotations, joiners, the format of hieroglyphs
    # and of shorthand. (Other format characters, such as the Arabic number sign, are drawn.)
    "\ufff9-\ufffb\U0001107f\U00013430-\U00013440\U0001bc9d"
    # Private use and what is no character: nobody can say what another's fonts make of it.
    "\ue000-\uf8ff\ufdd0-\ufdef\U000f0000-\U0010ffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(15))
)
"""What draws nothing but is no space, as it stands between the brackets of an expression.

Skeletons of names are made without these: when the list changes, count up `domain.names.RULES`.
"""
