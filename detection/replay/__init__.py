"""Past days judged step by step: backtest and preview."""
