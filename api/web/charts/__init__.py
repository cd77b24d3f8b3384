"""Charts as SVG text: pure functions, told apart by pattern and label as well as by colour."""
