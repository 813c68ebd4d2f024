"""What happens when a node dies: who notices, who takes over, and what is done twice."""
