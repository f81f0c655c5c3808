"""What the vendor's limits allow next, and which of its answers are still good."""

from django.db import models


class RequestSlot(models.Model):
    """One row is one of the requests that a class of endpoints may make in a minute.

    Taking it is a compare-and-set on `free_at`, so any number of processes share one team's limit.
    """

    endpoint_class = models.CharField(max_length=24)
    number = models.PositiveSmallIntegerField()
    free_at = models.DateTimeField(help_text="When this slot may be used again.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint_class", "number"], name="requestslot_one_per_number"),
        ]
        indexes = [
            # The next free slot of a class.
            models.Index(fields=["endpoint_class", "free_at"], name="requestslot_class_free"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint_class} {self.number}"


class StoredETag(models.Model):
    """One row is the ETag of an answer that is stored: as long as it holds there is nothing to read."""

    request = models.CharField(max_length=300, unique=True, help_text="Path and query.")
    etag = models.CharField(max_length=200)
    has_more = models.BooleanField(default=False, help_text="Whether another page follows this one.")
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.request
