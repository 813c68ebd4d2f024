"""What a student does in a lesson besides looking: predicts, writes a class that `check` judges, answers a quiz."""

from lbcore.lab.student.check import check, verdict

__all__ = ["check", "verdict"]
