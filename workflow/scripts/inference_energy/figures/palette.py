"""One colour for every GPU and every model, the same in all figures, and what the colours are on a dark ground."""

from collections.abc import Iterable, Mapping

# Okabe and Ito (2008)
BLUE, ORANGE, GREEN, PINK, AMBER, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
PALETTE = [BLUE, ORANGE, GREEN, PINK, AMBER, SKY]
INK, MUTED, PALE, GRID, GROUND = "#1B1F23", "#57606A", "#C9D1D9", "#EAEEF2", "#FFFFFF"
# Text on light colours, and on shades that a dark ground leaves as they are; not in `DARK`, so the same on any ground.
ON_LIGHT, ON_SHADE = "#1B1F24", "#FEFEFE"
# Further ones, of Tol (2021), which can be told from those of Okabe and Ito.
INDIGO, WINE, OLIVE, GREY = "#332288", "#882255", "#999933", "#7F7F7F"

# NVIDIA in cold colours, AMD in warm ones.
GPUS = {
    "A100 SXM 40GB": GREY,
    "A100 SXM 80GB": GREY,
    "H100 SXM 80GB": SKY,
    "H200 SXM 141GB": GREEN,
    "B200 180GB": BLUE,
    "GB200 192GB": INDIGO,
    "GB300": WINE,
    "MI300X 192GB": AMBER,
    "MI325X 256GB": PINK,
    "MI355X 288GB": ORANGE,
}
MODELS = {
    "DeepSeek-R1": ORANGE,
    "DeepSeek-R1-0528": ORANGE,
    "DeepSeek-V3.2": ORANGE,
    "DeepSeek-V4-Pro": PINK,
    "Llama 3.1 405B": INDIGO,
    "Llama 3.3 70B": BLUE,
    "Llama 3.1 70B": BLUE,
    "gpt-oss-120b": GREEN,
    "Llama 3.1 8B": WINE,
    "Qwen3.5-397B-A17B": AMBER,
    "MiniMax-M2.5": SKY,
    "GLM-5": GREY,
}
# The same hues, lighter, in place of each colour on a dark ground.
DARK = {
    GROUND: "#0D1117",
    INK: "#E6EDF3",
    MUTED: "#9DA7B3",
    PALE: "#3D444D",
    GRID: "#21262D",
    BLUE: "#4AA8E0",
    ORANGE: "#F0883E",
    GREEN: "#2FC79A",
    PINK: "#E39AC2",
    AMBER: "#F2B632",
    SKY: "#8CCBF2",
    INDIGO: "#9A8CF0",
    WINE: "#E07BA8",
    OLIVE: "#C4C45A",
    GREY: "#A8A8A8",
}

# Colours that Vega names by itself.
NAMED = {"white": GROUND, "#000": INK}


def of_gpus(names: Iterable[str]) -> dict[str, str]:
    """The colour of every GPU, in the order of the names."""
    return _known(names, GPUS)


def of_models(names: Iterable[str]) -> dict[str, str]:
    """The colour of every model, in the order of the names."""
    return _known(names, MODELS)


def _known(names: Iterable[str], colours: Mapping[str, str]) -> dict[str, str]:
    """Colours by name; a name that has none of its own gets one that the others here leave, while there are any."""
    names = list(names)
    taken = {colours[name] for name in names if name in colours}
    free = iter([colour for colour in (*PALETTE, INDIGO, WINE, OLIVE) if colour not in taken])
    return {name: colours.get(name) or next(free, GREY) for name in names}


def adaptive(svg: str) -> str:
    """The same drawing, in the colours for a dark ground where the screen of its reader is dark; not on paper."""
    colours = {colour: colour for colour in DARK} | NAMED
    pairs = [(part, written, DARK[colour]) for written, colour in colours.items() for part in ("fill", "stroke")]
    rules = "".join(f'[{part}="{written}" i]{{{part}:{shown}}}' for part, written, shown in pairs)
    return svg.replace(">", f"><style>@media screen and (prefers-color-scheme:dark){{{rules}}}</style>", 1)
