"""Who takes part, and where a page of them goes on."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from parley.records.sessions import Role


class Participant(Struct, frozen=True):
    """One person in one conversation; `left_at` is set while they are away for good."""

    conversation_id: int
    user_id: str
    username: str
    session_id: int
    role: Role
    joined_at: datetime
    left_at: datetime | None
    visits: int
    """How often they came in, counted from their first socket on: tells a late leave from a
    newer visit. 0 for who was never on a socket."""
    named_at: datetime
    """Since when they hold their name, or one that can be taken for it."""
    removed_at: datetime | None = None
    """When an owner put them out; None for who was not, or was let back."""
    is_alike: bool = False
    """Whether their name can be taken for that of an owner, or of who holds it longer."""
    has_spoken: bool = False
    """Whether they have said something under the name they hold."""
    unproven_from: str | None = None
    """As long as their token was never used: the key of where they came from, as
    `proof.place_key` has it, empty where nobody noted it. None once they are proven."""
    first_session_id: int | None = None
    """The session that joined as this, where another took it up since."""
    left_for_good: bool = False
    """Whether they left by their own wish, rather than by closing their last tab."""
    is_imported: bool = False
    """Whether they spoke elsewhere, and nobody here speaks as them."""

    @property
    def is_unproven(self) -> bool:
        return self.unproven_from is not None

    def visits_next(self, *, on_socket: bool) -> int:
        """`visits` once they come again."""
        return self.visits + 1 if on_socket or self.visits else 0


class FormerName(Struct, frozen=True):
    """A name under which somebody spoke before they took another."""

    user_id: str
    role: Role
    """Of whoever had it, as they were when they gave it up."""
    named_at: datetime
    """Since when they had held it."""
    is_alike: bool
    """Whether it was marked then."""

    @property
    def joined_at(self) -> datetime:
        """As far as it decides who was first: they had joined by then."""
        return self.named_at


class PeoplePosition(Struct, frozen=True):
    """Where the list of people goes on: behind the one last seen."""

    joined_at: datetime
    user_id: str
