"""What surrounds a picture: the exhibit, its panel and controls, its still, live demonstrations, words and style."""
