"""Metrics whose values are a function of the minute, so that there are always current ones."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

# The value of the minute that starts at these seconds since 1970; `None` for no data.
Series = Callable[[float], float | None]


@dataclass
class Metric:
    namespace: str
    name: str
    dimensions: dict[str, str]
    series: Series
    unit: str = "None"
    # What was put through the API, by minute; it wins over the series.
    put: dict[int, list[float]] = field(default_factory=dict)

    def samples(self, start: int, end: int) -> list[float]:
        """The values of the minutes from `start` up to `end`, exclusive, seconds since 1970."""
        found: list[float] = []
        for minute in range(start - start % 60, end, 60):
            if minute in self.put:
                found.extend(self.put[minute])
            else:
                value = self.series(minute)
                if value is not None:
                    found.append(value)
        return found


def steady(value: float) -> Series:
    return lambda _: value


def nothing() -> Series:
    """A metric that somebody puts."""
    return lambda _: None


def wave(mean: float, swing: float, minutes: float = 30) -> Series:
    """Around the mean, by a swing, once in so many minutes."""
    return lambda at: mean + swing * math.sin(at / 60 / minutes * 2 * math.pi)


def slope(now: datetime, value: float, per_hour: float) -> Series:
    """Changing evenly, with this value now."""
    start = now.timestamp()
    return lambda at: value + per_hour * (at - start) / 3600


def step(at: datetime, before: float | None, after: float | None) -> Series:
    """One value until then, another from then on; either may be silence."""
    edge = at.timestamp()
    return lambda minute: before if minute < edge else after


def statistic(name: str, samples: list[float]) -> float | None:
    """A statistic of CloudWatch over samples; `None` for a name that is none."""
    match name:
        case "Average":
            return sum(samples) / len(samples)
        case "Sum":
            return sum(samples)
        case "Minimum":
            return min(samples)
        case "Maximum":
            return max(samples)
        case "SampleCount":
            return float(len(samples))
    try:
        percent = float(name[1:]) if name.startswith("p") else None
    except ValueError:
        return None
    if percent is None or not 0 <= percent <= 100:
        return None
    rank = math.ceil(percent / 100 * len(samples))
    return sorted(samples)[max(rank, 1) - 1]
