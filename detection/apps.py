from django.apps import AppConfig


class DetectionConfig(AppConfig):
    name = "detection"

    def ready(self) -> None:
        from collector.facts.merge_hooks import register_mover
        from detection.merging import move_detections

        register_mover(move_detections)
