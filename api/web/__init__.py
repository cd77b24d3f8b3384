"""Pages: templates, styles, charts drawn as SVG, translations."""
