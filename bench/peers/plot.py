"""Draws results.json: what every contender takes, as a multiple of data-migrate's wall time, by workload."""

import json
import statistics
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plot  # noqa: E402

matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": 9})
with open(sys.argv[1], encoding="utf-8") as file:
    results = json.load(file)["results"]


def walls(series):
    """Wall seconds of each run, for the whole workload; none where all failed."""
    if not series["runs"]:
        return []
    base = min(series.get("empty", {}).get("wallMs", 0), *(run["wallMs"] for run in series["runs"]))
    return [(base + (run["wallMs"] - base) / series["part"]) / 1000 for run in series["runs"]]


shown = [
    result
    for result in results
    if sum(1 for series in result["series"] if series["runs"]) > 1
    and result["series"][0]["runs"]
]
names = list(dict.fromkeys(
    series["contender"]
    for result in shown
    for series in result["series"]
    if series["kind"] != "ceiling"
))
markers = dict(zip(names, "osD^vPX*h<"))
figure, axes = plot.subplots(figsize=(9, 0.45 * len(shown) + 1.6))
for name in names:
    points = [
        (wall / statistics.median(walls(result["series"][0])), row)
        for row, result in enumerate(shown)
        for series in result["series"]
        if series["contender"] == name
        for wall in walls(series)
    ]
    axes.plot(
        [x for x, _ in points],
        [y for _, y in points],
        markers[name],
        label=name,
        alpha=0.75,
        markersize=6,
    )
axes.set_xscale("log")
axes.axvline(1, color="grey", linewidth=0.8)
axes.set_yticks(
    range(len(shown)),
    [f"{result['workload']['name']}: {result['workload']['title']}" for result in shown],
)
axes.invert_yaxis()
axes.grid(axis="x", alpha=0.3)
axes.set_xlabel("wall time, every run, as a multiple of data-migrate's median (log scale)")
axes.legend(loc="upper center", bbox_to_anchor=(0.35, -0.12), ncols=4, frameon=False)
figure.savefig(sys.argv[2], bbox_inches="tight", metadata={"Date": None})
