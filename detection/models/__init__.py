"""The policy, what was found under it, and what verdicts left behind."""

from .anomaly import Anomaly
from .exemption import Exemption
from .price_timeline import PriceTimeline
from .settings import DetectionSettings
from .trial import SettingsTrial
