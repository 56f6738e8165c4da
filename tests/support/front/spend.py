"""What the account spends, as line items by the day."""

from dataclasses import dataclass, field
from datetime import date, timedelta


@dataclass(frozen=True)
class LineItem:
    """So much every day, on one account and service, from one day until another."""

    service: str
    account: str
    record_type: str
    per_day: float
    first: date | None = None
    last: date | None = None

    def on(self, day: date) -> float:
        begun = self.first is None or day >= self.first
        return self.per_day if begun and (self.last is None or day <= self.last) else 0.0

    def dimension(self, key: str) -> str:
        return {
            "SERVICE": self.service,
            "LINKED_ACCOUNT": self.account,
            "RECORD_TYPE": self.record_type,
        }.get(key, "NoValue")


@dataclass
class Spend:
    items: list[LineItem] = field(default_factory=list)
    anomalies: list[dict] = field(default_factory=list)

    def between(self, start: date, end: date, item: LineItem) -> float:
        """An item's cost from a day up to another, exclusive; nothing is known of the future."""
        days = (start + timedelta(days=n) for n in range((end - start).days))
        return sum(item.on(day) for day in days if day <= date.today())
