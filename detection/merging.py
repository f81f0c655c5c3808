"""Anomalies and exemptions when two members are merged."""

from collector.facts.merge_hooks import Merging
from detection.models import Anomaly, Exemption


def move_detections(merging: Merging) -> None:
    """Move what was detected and exempted; of two open anomalies of one rule the kept member's stays open."""
    keep, gone, journal = merging.keep.pk, merging.gone.pk, merging.journal
    still_open = Anomaly.objects.open()
    shared = list(still_open.filter(member_id=keep).values_list("rule", flat=True))
    journal.change(still_open.filter(member_id=gone, rule__in=shared), cleared_at=merging.now)
    journal.move(Anomaly.objects.filter(member_id=gone), keep)
    for anomaly in still_open.filter(member__isnull=True, operands__has_key="named_since"):
        _rename_in_team_finding(merging, anomaly)
    journal.move(Exemption.objects.filter(member_id=gone), keep)
    journal.move(Exemption.history.model._base_manager.filter(member_id=gone), keep)


def _rename_in_team_finding(merging: Merging, anomaly: Anomaly) -> None:
    """Whoever a finding of the team names already is not named for the first time after the merge."""
    since = dict(anomaly.operands["named_since"])
    named_at = since.pop(str(merging.gone.pk), None)
    if named_at is None:
        return
    keep = str(merging.keep.pk)
    since[keep] = min(named_at, since.get(keep, named_at))
    operands = {**anomaly.operands, "named_since": since}
    merging.journal.change(Anomaly.objects.filter(pk=anomaly.pk), operands=operands)
