"""Makes up what three cities' core systems would export, the same for the same seed.

Nobody in it exists: see ``people`` for why no number can belong to anybody. Wages and rates of
years without a published value are demonstration values, marked so in the tables of the law.
"""

from scripts.demo_data.generation import generate
from scripts.demo_data.planted import Planted, load_planted

__all__ = ["Planted", "generate", "load_planted"]
