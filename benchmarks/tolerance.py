"""Show whether tolerances are kept: draw calibration photos again and again, and look at the rest.

    python benchmarks/tolerance.py LABELLED... --run-folder DIR [--splits 1000] [--plot OUT.png]

The photos are scored once, into DIR. One photo of each scene and kind takes part: 20 good and 20
blurry ones at least, of each kind from two sources. Other labels of which there are fewer are left
out. Kept means: of the good photos that
calibrated nothing, no larger share is called bad.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clearshot.audit import Pile, Sampled, estimate
from clearshot.evaluation.detectors import FocusDetector
from clearshot.evaluation.labelled import read_labelled
from clearshot.evaluation.tolerances import choose_one_per_scene, name_set
from clearshot.intervals import count_allowed, predict_kept
from clearshot.photo import Failure, Label
from clearshot.scan import score_paths
from clearshot.scoring import limits
from clearshot.scoring.calibration import PRIORS
from clearshot.scoring.focus import FocusNetwork
from clearshot.scoring.recalibration import fit_curve
from clearshot.scoring.tolerance import Tail, TailPair, build_tail, digest_calibration

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clearshot.evaluation.labels import LabelledPhoto

    Floats = NDArray[np.float64]

_CONFIDENCE = 0.9
_SHARES = (0.01, 0.02, 0.05)
_NUM_DECISIONS = (30, 60, 120)
_MIN_SCENES = 20


class Photos:
    """Labelled photos with the log odds of one label, as arrays."""

    def __init__(self, photos: list[LabelledPhoto], logits: Floats, label: Label) -> None:
        is_used = np.array([p.label in {None, label} for p in photos])
        kept = [p for p in photos if p.label in {None, label}]
        self.logits = logits[is_used]
        self.is_bad = np.array([p.label is label for p in kept])
        self.source = np.array([name_set(p.source) for p in kept])
        names = [f"{p.source}/{p.scene or p.path.name}" for p in kept]
        self.scene = np.unique(names, return_inverse=True)[1]
        self.good, self.bad = self.take(np.ones(len(kept), bool))

    def take(self, at: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Give the log odds of good and of bad photos among some."""
        return self.logits[at & ~self.is_bad], self.logits[at & self.is_bad]

    def pair(self, at: NDArray[np.bool_]) -> TailPair:
        """Build what a table would hold of some photos."""
        tails = []
        for is_bad in (False, True):
            which = at & (self.is_bad == is_bad)
            names = self.source[which].tolist()
            tails.append(build_tail(self.logits[which], is_bad=is_bad, sources=names))
        return TailPair(*tails)

    def list_sources(self) -> tuple[set[str], set[str]]:
        """Name the sources of good and of bad photos."""
        return set(self.source[~self.is_bad].tolist()), set(self.source[self.is_bad].tolist())

    def split(self, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Draw half of the scenes."""
        return np.asarray((rng.random(self.scene.max() + 1) < 0.5)[self.scene])


def main() -> None:
    """Print tables, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labelled", nargs="+", type=Path)
    parser.add_argument("--run-folder", required=True, type=Path)
    parser.add_argument("--splits", type=int, default=1000)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    photos, logits = score(given.labelled, given.run_folder)
    one = set(choose_one_per_scene(photos))
    is_one = np.array([photo in one for photo in photos])
    chosen = [photo for photo in photos if photo in one]
    results: dict[str, object] = {"photos": len(photos), "splits": given.splits}
    parts = {label: Photos(chosen, logits[label][is_one], label) for label in Label}
    blurry = parts[Label.BLURRY]
    if not has_enough(blurry) or min(map(len, blurry.list_sources())) < 2:
        sys.exit(describe_lack(blurry))
    for label, part in parts.items():
        if not has_enough(part):
            continue  # many sets know blurred photos only
        results[f"halves_{label}"] = try_halves(part, given.splits)
        results[f"draws_{label}"] = try_draws(part, given.splits)
        results[f"table_{label}"] = try_table(part, given.splits)
    results["libraries"] = try_libraries(blurry, given.splits)
    results["audit"] = try_audit(blurry, given.splits)
    results["sources"] = try_sources(blurry)
    results["frames"] = try_frames(blurry, given.splits)
    results["doubtful"] = try_doubtful(blurry, given.splits)
    if given.plot:
        draw(blurry, given.plot, given.splits)
    print(json.dumps(results))


def has_enough(photos: Photos) -> bool:
    """Tell whether there are so many photos that no half of them lacks a kind."""
    return min(photos.good.size, photos.bad.size) >= _MIN_SCENES


def describe_lack(photos: Photos) -> str:
    """Say what is needed, and what is there."""
    good, bad = (len(names) for names in photos.list_sources())
    return (
        f"{_MIN_SCENES} good and {_MIN_SCENES} blurry photos of different scenes are needed, each "
        f"kind from two sources; found {photos.good.size} good ones from {good} and "
        f"{photos.bad.size} blurry ones from {bad}"
    )


def score(labelled: list[Path], folder: Path) -> tuple[list[LabelledPhoto], dict[Label, Floats]]:
    """Score the photos, or read the scores of the last run with the same network."""
    photos = list(read_labelled(*labelled).photos)
    detector = FocusDetector("focus", FocusNetwork())
    folder.mkdir(parents=True, exist_ok=True)
    cache = folder / f"{detector.recipe}-{digest_calibration(detector.calibration)}.json"
    known = json.loads(cache.read_text()) if cache.exists() else {}
    missing = [photo.path for photo in photos if str(photo.path) not in known]
    for path, result in score_paths(missing, detector, num_workers=1):
        if not isinstance(result, Failure):
            known[str(path)] = [result[label] for label in Label]
    cache.write_text(json.dumps(known))
    photos = [photo for photo in photos if str(photo.path) in known]
    table = np.array([known[str(photo.path)] for photo in photos])
    return photos, {label: table[:, i] for i, label in enumerate(Label)}


def find_limit(tail: Tail, share: float, confidence: float = _CONFIDENCE) -> float:
    """Give the limit, and infinity where there is none."""
    limit, _ = tail.find_limit(share, confidence)
    return np.inf if limit is None else limit


def share_above(values: Floats, limit: float) -> float:
    """Give the share of photos that are called bad."""
    return float(np.mean(values > limit))


def try_halves(photos: Photos, num_splits: int) -> list[dict[str, object]]:
    """Set the limit on half of the scenes, and look at the other half.

    The limit is set for as many other photos as that half has; where even the strictest keeps them
    in fewer runs than asked for, that one is taken, and what it promises is stated.
    """
    title = "Limit from half of the scenes, seen on the other half"
    print_title(title, "tolerance stated kept lost found 5_% 95_%")
    rng, rows = np.random.default_rng(1), []
    halves = [photos.split(rng) for _ in range(num_splits)]
    for share in _SHARES:
        lost, found, stated = [], [], []
        for half in halves:
            good, bad = photos.take(~half)
            seen = np.sort(photos.take(half)[0])[::-1]
            allowed = int(share * good.size + 1e-9)
            told = [
                predict_kept(k, seen.size, good.size, allowed) for k in range(min(20, seen.size))
            ]
            num_beyond = max((k for k, p in enumerate(told) if p >= _CONFIDENCE), default=0)
            stated.append(told[num_beyond])
            lost.append(share_above(good, seen[num_beyond]))
            found.append(share_above(bad, seen[num_beyond]))
        row = {"tolerance": share, "stated": round(float(np.mean(stated)), 3)}
        rows.append(row | summarise(lost, found, share))
        print_row(rows[-1])
    return rows


def summarise(lost: list[float], found: list[float], share: float) -> dict[str, object]:
    """Summarise runs."""
    return {
        "kept": round(float(np.mean(np.array(lost) <= share)), 3),
        "lost": round(float(np.mean(lost)), 4),
        "found": round(float(np.mean(found)), 3),
        "found_low": round(float(np.quantile(found, 0.05)), 3),
        "found_high": round(float(np.quantile(found, 0.95)), 3),
    }


def print_title(title: str, columns: str) -> None:
    """Print the head of a table."""
    print(f"\n{title}\n" + "  ".join(f"{name:>9}" for name in columns.split()))


def print_row(row: dict[str, object]) -> None:
    """Print a row of a table."""
    print("  ".join(f"{value!s:>9}" for value in row.values()))


def try_draws(photos: Photos, num_draws: int) -> list[dict[str, object]]:
    """Draw calibration photos from all of them, with repetition, so that the truth is known."""
    title = "Good photos drawn with repetition; the truth is the share of all good photos"
    print_title(title, "tolerance photos allowed stated kept lost found 5_% 95_%")
    rng, rows = np.random.default_rng(2), list[dict[str, object]]()
    for share in _SHARES:
        for num in (60, 120, 230, 400):
            drawn = (rng.choice(photos.good, num) for _ in range(num_draws))
            ends = [find_limit(build_tail(each, is_bad=False), share) for each in drawn]
            stated = build_tail(np.arange(num), is_bad=False).reach_confidence(share, _CONFIDENCE)
            row = {"tolerance": share, "photos": num}
            row["allowed"] = max(0, count_allowed(num, share, _CONFIDENCE))
            lost, found = ([share_above(x, end) for end in ends] for x in (photos.good, photos.bad))
            rows.append(row | {"stated": round(stated, 3)} | summarise(lost, found, share))
            print_row(rows[-1])
    return rows


def try_table(photos: Photos, num_draws: int) -> list[dict[str, object]]:
    """Draw the scenes of each source anew, with repetition, and make the table that ships."""
    title = "Table as it ships, sources weighted, scenes of each drawn with repetition"
    print_title(title, "tolerance kept lost found 5_% 95_%")
    rng, rows = np.random.default_rng(8), list[dict[str, object]]()
    truth = photos.pair(np.ones(photos.is_bad.size, bool))
    logits, sources = photos.good, photos.source[~photos.is_bad]
    groups = [np.flatnonzero(sources == source) for source in np.unique(sources)]
    for share in _SHARES:
        ends = []
        for _ in range(num_draws):
            at = np.concatenate([rng.choice(group, group.size) for group in groups])
            tail = build_tail(logits[at], is_bad=False, sources=sources[at].tolist())
            ends.append(find_limit(tail, share))
        lost = [truth.good.measure_share(end) for end in ends]
        found = [1 - truth.bad.measure_share(end) for end in ends]
        rows.append({"tolerance": share, **summarise(lost, found, share)})
        print_row(rows[-1])
    return rows


def try_libraries(photos: Photos, num_draws: int) -> list[dict[str, object]]:
    """Take each source for a library that the table never saw, and calibrate on a few decisions.

    Last, a library like the photos of the table: half of all scenes.
    """
    title = (
        "Each source as a library of its own, and half of all scenes; the table is of the others"
    )
    print_title(title, "library tolerance decisions kept lost found 5_% 95_%")
    half = photos.split(np.random.default_rng(7))
    has_bad = [s for s in np.unique(photos.source) if photos.is_bad[photos.source == s].any()]
    libraries = {str(source): photos.source == source for source in has_bad} | {"half": half}
    rows = []
    for name, is_here in libraries.items():
        table, (good, bad) = photos.pair(~is_here), photos.take(is_here)
        for share in _SHARES:
            for num in (0, *_NUM_DECISIONS):
                if num > 0.7 * is_here.sum():
                    continue
                runs = [decide(table, good, bad, num, share, seed) for seed in range(num_draws)]
                lost, found = (list(each) for each in zip(*runs, strict=True))
                row = {"library": name, "tolerance": share, "decisions": num}
                rows.append(row | summarise(lost, found, share))
                print_row(rows[-1])
    return rows


def decide(
    table: TailPair, good: Floats, bad: Floats, num: int, share: float, seed: int
) -> tuple[float, float]:
    """Calibrate on photos drawn from a library; give what the others lose and find."""
    rng = np.random.default_rng(seed)
    is_bad = np.repeat([False, True], [good.size, bad.size])
    order = rng.permutation(is_bad.size)
    values, is_bad = np.concatenate([good, bad])[order], is_bad[order]
    mine = np.arange(values.size) < num
    mine_good, mine_bad = values[mine & ~is_bad], values[mine & is_bad]
    curve = fit_curve(mine_good, mine_bad, prior_bad=PRIORS[Label.BLURRY])
    own = build_tail(mine_good, is_bad=False) if num else None
    at, _, _ = limits.find_limit(share, _CONFIDENCE, curve, own, table.good)
    limit = np.inf if at is None else curve.invert(at)
    return share_above(values[~mine & ~is_bad], limit), share_above(values[~mine & is_bad], limit)


def try_audit(photos: Photos, num_draws: int) -> list[dict[str, object]]:
    """Audit the piles of the default threshold; the truth is known."""
    title = "Audit of the piles of the default threshold: 95 % intervals that hold the truth"
    print_title(title, "looked_at good_pile bad_pile lost missed")
    is_called = photos.logits >= 0
    piles = {Pile.GOOD: photos.is_bad[~is_called], Pile.BAD: ~photos.is_bad[is_called]}
    lost = piles[Pile.BAD].sum() / (~photos.is_bad).sum()
    missed = piles[Pile.GOOD].sum() / photos.is_bad.sum()
    rng, rows = np.random.default_rng(3), list[dict[str, object]]()
    for num in (30, 60, 100):
        held = np.zeros(4)
        for _ in range(num_draws):
            answers = [
                Sampled(Path(f"{i}"), pile, wrong.size, bool(wrong[i]) is (pile is Pile.GOOD))
                for pile, wrong in piles.items()
                for i in rng.choice(wrong.size, min(num, wrong.size), replace=False)
            ]
            found = estimate(answers)
            assert found.lost is not None
            assert found.missed is not None
            counts = [found.counts[pile] for pile in piles]
            truths = [int(wrong.sum()) for wrong in piles.values()]
            held += (
                *(c.low <= t <= c.high for c, t in zip(counts, truths, strict=True)),
                found.lost.low <= lost <= found.lost.high,
                found.missed.low <= missed <= found.missed.high,
            )
        shares = [round(float(share), 3) for share in held / num_draws]
        names = ("good", "bad", "lost", "missed")
        rows.append({"looked_at": num, **dict(zip(names, shares, strict=True))})
        print_row(rows[-1])
    return rows


def try_sources(photos: Photos) -> list[dict[str, object]]:
    """Calibrate on all sources but one, and use it there: what other cameras do to the promise."""
    title = "Table of all other sources, used on one that it never saw, at 1, 2 and 5 %"
    print_title(title, "source good bad lost found")
    rows = []
    for source in np.unique(photos.source):
        is_here = photos.source == source
        table, (good, bad) = photos.pair(~is_here), photos.take(is_here)
        ends = [find_limit(table.good, share) for share in _SHARES]
        row: dict[str, object] = {"source": str(source), "good": good.size, "bad": bad.size}
        row["lost"] = [round(share_above(good, x), 3) for x in ends]
        row["found"] = [round(share_above(bad, x), 3) for x in ends] if bad.size else []
        rows.append(row)
        print_row(row)
    return rows


def try_frames(photos: Photos, num_draws: int, share: float = 0.05) -> list[dict[str, object]]:
    """Take frames of one scene for independent photos: what breaks the promise."""
    title = f"60 scenes drawn with repetition, ten frames each; tolerance {share:.0%}"
    print_title(title, "counted kept lost")
    rows = []
    for is_one in (True, False):
        lost = draw_frames(photos, num_draws, share, _CONFIDENCE, is_one=is_one)
        summary = summarise(lost.tolist(), lost.tolist(), share)
        rows.append({"counted": "one a scene" if is_one else "all frames", **summary})
        print_row({key: rows[-1][key] for key in ("counted", "kept", "lost")})
    return rows


def draw_frames(
    photos: Photos, num_draws: int, share: float, confidence: float, *, is_one: bool
) -> Floats:
    """Calibrate on 60 drawn scenes with ten frames each; give the share of scenes that is lost.

    The frames of a scene score alike: copies of its photo with a tenth of the spread of all.
    """
    rng = np.random.default_rng(4)
    centres, lost = photos.good, []
    for _ in range(num_draws):
        drawn = rng.choice(centres, 60)
        frames = drawn[:, None] + rng.normal(0, 0.1 * centres.std(), (60, 1 if is_one else 10))
        limit = find_limit(build_tail(frames.ravel(), is_bad=False), share, confidence)
        lost.append(share_above(centres, limit))
    return np.array(lost)


def try_doubtful(photos: Photos, num_draws: int, share: float = 0.05) -> list[dict[str, object]]:
    """Decide about some photos only: what that does to the shares that are lost and missed."""
    title = f"120 photos of a kind decided, chosen in three ways; tolerance {share:.0%}"
    print_title(title, "kind chosen kept wrong")
    rng, rows = np.random.default_rng(5), []
    for is_bad, values in ((False, photos.good), (True, photos.bad)):
        sign = -1.0 if is_bad else 1.0  # the higher, the more misleading
        ranks = (sign * values).argsort().argsort() / values.size
        for name, weights in (
            ("at random", np.ones(values.size)),
            ("the doubtful first", ranks**4),
            ("the worst first" if is_bad else "the sharp first", (1 - ranks) ** 4),
        ):
            p, wrong = weights / weights.sum(), []
            for _ in range(num_draws):
                tail = build_tail(rng.choice(values, 120, p=p), is_bad=is_bad)
                wrong.append(share_above(sign * values, sign * find_limit(tail, share)))
            row = {"kind": "bad" if is_bad else "good", "chosen": name}
            kept = round(float(np.mean(np.array(wrong) <= share)), 3)
            rows.append({**row, "kept": kept, "wrong": round(float(np.mean(wrong)), 4)})
            print_row(rows[-1])
    return rows


def draw(photos: Photos, path: Path, num_draws: int) -> None:
    """Plot how often a tolerance is kept against the confidence that was asked for."""
    from matplotlib.figure import Figure

    is_other = photos.source == "gopro"
    rest, other = (photos.take(which)[0] for which in (~is_other, is_other))
    confidences = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
    axes = (figure := Figure(figsize=(6.0, 4.6), layout="constrained")).add_subplot()
    axes.plot([0.45, 1], [0.45, 1], color="0.6", linestyle=":", label="as stated")
    for share, num, color in ((0.01, 400, "C0"), (0.02, 230, "C1"), (0.05, 120, "C2")):
        kept = [keep((photos.good, photos.good), num, share, c, num_draws) for c in confidences]
        axes.plot(confidences, kept, "o-", color=color, label=f"{share * 100:g} %, {num} photos")
    broken = [draw_frames(photos, num_draws, 0.05, c, is_one=False) for c in confidences]
    kept = [float(np.mean(lost <= 0.05)) for lost in broken]
    axes.plot(confidences, kept, "x--", color="C3", label="5 %, frames taken for photos")
    kept = [keep((rest, other), 120, 0.05, c, num_draws) for c in confidences]
    axes.plot(confidences, kept, "s--", color="C4", label="5 %, used on another source")
    axes.set(xlabel="confidence asked for", ylabel="share of runs that keep the tolerance")
    axes.set(xlim=(0.48, 0.97), ylim=(-0.02, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc=(0.22, 0.12))
    figure.savefig(path, dpi=110)


def keep(
    photos: tuple[Floats, Floats], num: int, share: float, confidence: float, num_draws: int
) -> float:
    """Give the share of runs in which a tolerance set on some photos is kept on others."""
    rng = np.random.default_rng(6)
    drawn = (rng.choice(photos[0], num) for _ in range(num_draws))
    ends = [find_limit(build_tail(each, is_bad=False), share, confidence) for each in drawn]
    return float(np.mean([share_above(photos[1], end) <= share for end in ends]))


if __name__ == "__main__":
    main()
