"""Rows of the dashboard's CSV."""

IN = "Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,Total Tokens"
TEAM = f"Date,User,Kind,Model,Max Mode,{IN},Cost\n"
ONE = (
    '"2026-07-30T10:00:00.123Z","Ann@X.io","On-Demand","claude-4.5-sonnet","No",'
    '"100","20","3000","4","3124","0.42"\n'
)
