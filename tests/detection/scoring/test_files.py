"""A team's own export as a history: what the file does not say is not known."""

from detection.scoring.files import history_of_file

HEADER = "Date,User,Cloud Agent ID,Kind,Model,Input (w/o Cache Write),Output Tokens,Total Tokens,Cost\n"


def history(tmp_path, agents):
    path = tmp_path / "usage.csv"
    rows = [
        f"2026-05-18T09:{minute:02d}:00.000Z,ann@example.com,{agent},On-Demand,auto,9000,100,9100,0.05\n"
        for minute, agent in enumerate(agents)
    ]
    path.write_text(HEADER + "".join(rows))
    return history_of_file(path)


def test_requests_of_no_named_conversation_are_not_one_conversation(tmp_path):
    (row,) = history(tmp_path, [""] * 30).rows.itertuples()
    assert (row.requests, row.thread, row.thread_requests) == (30, -1, 0)


def test_a_cloud_agent_that_makes_most_requests_of_an_hour_is_named(tmp_path):
    rows = history(tmp_path, [""] * 20 + ["bc-1"] * 8).rows
    (run,) = rows[rows["by_agent"]].itertuples()
    assert (run.thread_requests, run.thread >= 0) == (8, True)
    (by_hand,) = rows[~rows["by_agent"]].itertuples()
    assert by_hand.thread == -1
