"""Words and numbers as a person reads them."""

from __future__ import annotations

_KILO = 1000


def to_size(size_bytes: int) -> str:
    """Write a size in decimal units.

    Parameters
    ----------
    size_bytes : int
        Size [bytes].

    Returns
    -------
    str
        For example `3.2 MB`.
    """
    size = float(size_bytes)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < _KILO:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.3g} {unit}"
        size /= _KILO
    return f"{size:.3g} TB"


def to_duration(seconds: float) -> str:
    """Write a duration in the two units that matter.

    Parameters
    ----------
    seconds : float
        Duration [s].

    Returns
    -------
    str
        For example `0.4 s`, `2 min 5 s` or `3 h 20 min`.
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_rest = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_rest} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def to_share(num: int, num_total: int) -> str:
    """Write a share in percent.

    Parameters
    ----------
    num, num_total : int
        Part and whole.

    Returns
    -------
    str
        Rounded, but `<1 %` when it is not nothing; empty when there is no whole.
    """
    if not num_total:
        return ""
    percent = 100 * num / num_total
    return "<1 %" if 0 < percent < 1 else f"{percent:.0f} %"


def to_percent(share: float) -> str:
    """Write a share in percent, with a decimal where it counts.

    Parameters
    ----------
    share : float
        In [0, 1].

    Returns
    -------
    str
        For example `0.01 %`, `0.3 %`, `7.5 %` or `92 %`; what is not nothing is not written as 0.
    """
    percent = 100 * share
    if 0 < percent < 0.05:
        return f"{percent:.1g} %"
    return f"{percent:.0f} %" if 10 <= percent < 99 else f"{round(percent, 1):g} %"


def to_exact_percent(share: float) -> str:
    """Write a share that the user chose in percent: no digit of it is rounded away.

    Parameters
    ----------
    share : float
        In [0, 1].

    Returns
    -------
    str
        For example `0.25 %` or `5 %`.
    """
    return f"{100 * share:.10g} %"


def to_interval(value: float, low: float, high: float) -> str:
    """Write a share with its interval in percent.

    Parameters
    ----------
    value, low, high : float
        In [0, 1].

    Returns
    -------
    str
        For example `7.5 % [4, 12]`, or `<0.1 % [0, 0.4]` when it is not nothing.
    """
    share, *ends = (
        "<0.1" if 0 < each < 0.001 else to_percent(each).removesuffix(" %")
        for each in (value, low, high)
    )
    return f"{share} % [{', '.join(ends)}]"


def to_count(num: int, noun: str) -> str:
    """Write a number with its noun.

    Parameters
    ----------
    num : int
        How many.
    noun : str
        In the singular; its plural takes an s.

    Returns
    -------
    str
        For example `1 photo` or `1,204 photos`.
    """
    return f"{num:,} {noun}" if num == 1 else f"{num:,} {noun}s"
