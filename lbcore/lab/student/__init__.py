"""What students give and are asked: their classes, exercises, predictions, quizzes."""
