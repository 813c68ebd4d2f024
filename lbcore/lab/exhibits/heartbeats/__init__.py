"""Heartbeats: beats that are lost, late or never sent, and the line that a monitor draws."""
