"""What a student does in a lesson besides looking: predicts, writes a class that `check` judges, answers a quiz."""

from lbcore.lab.student.check import check, verdict
from lbcore.lab.student.predict import predict
from lbcore.lab.student.quiz import quiz

__all__ = ["check", "predict", "quiz", "verdict"]
