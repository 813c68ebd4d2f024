"""Rules that one system alone has. The presets are the door to them, with each system's own words for its arguments."""
