"""Signs of life of the processes that nobody looks at."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import Model


class Heartbeat(Model):
    """When a worker or the sweeper was last alive, and when the last backup was made."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(unique=True)
    beat_at: Mapped[datetime]
