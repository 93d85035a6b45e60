"""A short night of tests/bench/smartrace_faults.py: with faults on both sides nothing is lost, doubled or measured wrong."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))
from smartrace_faults import Night  # noqa: E402


def test_faults_lose_and_double_nothing():
    night = Night(400, seed=7, kills=2)
    assert night.run() == {"lost": 0, "doubled": 0, "wrong": 0, "lost at the app": 0, "doubled at the app": 0}
    assert {"connection cut", "partial send", "sent again", "plugin killed"} <= set(night.faults)
    for ident, (kb, _) in night.idle.items():
        assert kb < 10_000, f"{ident} takes {kb} kB while nothing happens"
